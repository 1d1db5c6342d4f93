"""Reading and writing networks in the Bayesian Interchange Format (BIF).

Cozman 1998, "The Interchange Format for Bayesian Networks" (version 0.15):

    network asia { property author nobody ; }
    variable smoke { type discrete [ 2 ] { yes, no }; }
    variable lung { type discrete [ 2 ] { yes, no }; }
    probability ( smoke ) { table 0.5, 0.5; }
    probability ( lung | smoke ) {
      (yes) 0.1, 0.9;
      default 0.01, 0.99;
    }

As in that note, commas and bars count as blanks, `//` and `/* */` hold comments, and the numbers
of a conditional `table` run over the variable itself slowest and its last parent fastest. Names
with blanks or brackets in them stand in double quotes.

Guarantees: what is written is read back, to the bit. Files written with few digits are read as
they were meant: a row within 1 % of summing to 1 is divided by its sum. Every error names the
file and the line.
"""

from __future__ import annotations

import gzip
import re
import zlib
from importlib import resources
from itertools import product
from pathlib import Path

from swarm.reasoning.networks.bif_reader import parse_bif
from swarm.reasoning.networks.network import BayesNetwork, NetworkError

NETWORKS = ("alarm", "asia", "sachs")
PLAIN = re.compile(r'(?!//|/\*)[^\s,|{}()\[\];"]+')


def load_network(source: str | Path) -> BayesNetwork:
    """Read a network that ships, by name, or a `.bif` or `.bif.gz` file.

    Raises:
        NetworkError: unknown name, missing file, or text that is no network, with its line.
    """
    if isinstance(source, str) and source in NETWORKS:
        folder = resources.files("swarm.reasoning").joinpath("networks", "data")
        packed = folder.joinpath(f"{source}.bif.gz").read_bytes()
        return parse_bif(gzip.decompress(packed).decode("utf-8"), source)
    path = Path(source)
    if not path.is_file():
        raise NetworkError(
            f"{source}: neither a network that ships ({', '.join(NETWORKS)}) nor a .bif or "
            '.bif.gz file; example: load_network("asia")'
        )
    content = path.read_bytes()
    try:
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise NetworkError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None
    except (OSError, EOFError, zlib.error) as error:
        raise NetworkError(f"{path}: not a whole gzip file ({error}); pack it again") from None
    return parse_bif(text, str(path))


def write_bif(network: BayesNetwork, path: str | Path) -> None:
    """Write a network to a `.bif` file, or packed to a `.gz` one.

    Raises:
        NetworkError: if a name cannot be written: empty, or with a quote or a line break in it.
    """
    content = bif_text(network).encode("utf-8")
    # No time of packing, so that equal networks give equal files.
    packed = gzip.compress(content, mtime=0) if Path(path).suffix == ".gz" else content
    Path(path).write_bytes(packed)


def bif_text(network: BayesNetwork) -> str:
    """A network as the text of a BIF file; numbers in the fewest digits that give them back.

    Raises:
        NetworkError: if a name cannot be written: empty, or with a quote or a line break in it.
    """
    lines = ["network unknown {", "}"]
    for name, states in zip(network.names, network.states, strict=True):
        listed = ", ".join(map(_written, states))
        lines += [f"variable {_written(name)} {{"]
        lines += [f"  type discrete [ {len(states)} ] {{ {listed} }};", "}"]
    for v, parents in enumerate(network.parents):
        given = " | " + ", ".join(_written(network.names[p]) for p in parents) if parents else ""
        lines.append(f"probability ( {_written(network.names[v])}{given} ) {{")
        rows = network.tables[v].reshape(-1, network.cards[v]).tolist()
        for values, row in zip(product(*(network.states[p] for p in parents)), rows, strict=True):
            start = f"({', '.join(map(_written, values))})" if parents else "table"
            lines.append(f"  {start} {', '.join(map(repr, row))};")
        lines.append("}")
    return "\n".join(lines) + "\n"


def _written(name: str) -> str:
    if not name or '"' in name or "\n" in name:
        raise NetworkError(
            f"the name {name!r} cannot be written as BIF: it is empty or holds a quote or a line "
            "break; rename it, such as to 'no_answer'"
        )
    return name if PLAIN.fullmatch(name) else f'"{name}"'
