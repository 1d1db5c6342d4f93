"""Sentences by a model that is already here: a folder, or a folder inside an installed package.

Static models (model2vec, extra `sentences`) average learnt vectors of words; they load in
milliseconds and run on any machine. A folder of sentence-transformers works too where that library
is installed. Nothing is ever fetched: a name that is no folder is refused, because what a name
means elsewhere may change while the identity of an encoder must not.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from swarm.memory.encoders.encoder import Encoder, EncoderError, Floats, Items, unit

_STATIC = (
    ("config.json", "model.safetensors", "tokenizer.json"),
    ("config_sentence_transformers.json", "model.safetensors", "tokenizer.json"),
    (
        "config_sentence_transformers.json",
        "0_StaticEmbedding/model.safetensors",
        "0_StaticEmbedding/tokenizer.json",
    ),
)
_TRANSFORMERS = "modules.json"


class SentenceEncoder(Encoder):
    """Sentences (str) by a model in a local folder, unit length.

    >>> sentences = SentenceEncoder("models/small", version=3)
    >>> sentences = SentenceEncoder("model", package="some_models")  # inside an installed package
    >>> sentences.encode(["a red fox"])  # float32[1, d]

    A sentence of which the model knows no word is all zeros.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        package: str | None = None,
        name: str | None = None,
        version: int = 1,
    ) -> None:
        """Load a model.

        Args:
            folder: of the model, or its place inside `package`.
            package: an installed package that ships the folder.
            name: by default that of the folder.
            version: to be raised by whoever changes what is in the folder.

        Raises:
            EncoderError: for what is no folder, or no model, or needs a library that is missing.
        """
        place = _found(folder, package)
        self._model = _loaded(place)
        vectors = np.asarray(self._model.encode(["a"]))
        super().__init__(place.resolve().name if name is None else name, version, vectors.shape[1])

    def encode(self, items: Items) -> Floats:
        """Return float32[n, d] for n sentences.

        Raises:
            EncoderError: for items that are not texts.
        """
        if isinstance(items, str) or not all(isinstance(text, str) for text in items):
            raise EncoderError("items must be a list of texts, such as ['a red fox', 'a box'].")
        if len(items) == 0:
            return np.zeros((0, self.dimensions), np.float32)
        return unit(np.asarray(self._model.encode(list(items)), np.float32))


def _found(folder: str | Path, package: str | None) -> Path:
    """The folder of a model on this disk."""
    place = Path(folder)
    if package is not None:
        spec = find_spec(package)
        roots = None if spec is None else spec.submodule_search_locations
        if not roots:
            raise EncoderError(
                f"package {package!r} is not installed here, or is a single file; name one that "
                "ships the folder, such as SentenceEncoder('model', package='some_models')."
            )
        place = Path(next(iter(roots))) / place
    if not place.is_dir():
        raise EncoderError(
            f"{place} is no folder: a sentence encoder reads a model that is already on this disk "
            "and fetches nothing. Give its folder, SentenceEncoder('models/small'), or the "
            "installed package that has it, SentenceEncoder('model', package='some_models')."
        )
    return place


def _loaded(place: Path) -> Any:
    """The model in a folder, by the library that its files are of."""
    if any(all((place / each).is_file() for each in files) for files in _STATIC):
        try:
            from model2vec import StaticModel
        except ImportError as problem:
            raise EncoderError(
                "static models need model2vec: pip install 'noosphere[sentences]'."
            ) from problem
        return StaticModel.from_pretrained(place)
    if (place / _TRANSFORMERS).is_file():
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as problem:
            raise EncoderError(
                f"{place} is a model of sentence-transformers, which is not installed: "
                "pip install sentence-transformers, or give the folder of a static model."
            ) from problem
        return SentenceTransformer(str(place), device="cpu", local_files_only=True)
    raise EncoderError(
        f"{place} holds no model: a static model has {', '.join(_STATIC[0])}, and one of "
        f"sentence-transformers has {_TRANSFORMERS}."
    )
