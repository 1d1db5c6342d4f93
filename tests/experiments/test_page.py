"""The page: its pictures are the columns, its buttons move the world, and a browser shows it."""

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

import experiments.page
from experiments.page import PageError, draw, page, picture
from experiments.reports.pictures import ENGINE_COLOURS
from swarm import Agent, AgentSet, Grid, Plane, World, column

HAS_SOLARA = find_spec("solara") is not None
needs_solara = pytest.mark.skipif(not HAS_SOLARA, reason="needs the extra `page`")
DEADLINE = 60.0  # seconds that a browser may take to show what is expected


class Walker(Agent):
    """Walks one step to the right, and gets hungry by its number."""

    energy: float = 10.0
    hungry: bool = False
    memory: np.ndarray = column(float, (3,))

    @classmethod
    def step_all(cls, agents: AgentSet) -> None:
        energy = agents.get("energy") - agents.get("id")
        agents.set("energy", energy).set("hungry", energy < 5)
        for agent in agents:
            x, y = agent.position
            agent.position = (x + 1, y)


class Rock(Agent):
    """Stays."""


class Meadow(World):
    """A model as Mesa's tutorials write them."""

    def __init__(
        self, walkers: int = 5, seed: int | None = None, space: type[Plane | Grid] = Plane
    ) -> None:
        room = space(20, 10, periodic=True)
        super().__init__({Walker: walkers, Rock: 2}, seed=seed, space=room)
        self.datacollector = mesa.DataCollector(
            {"energy": energy, "squared": lambda world: energy(world) ** 2}
        )
        self.datacollector.collect(self)

    def step(self) -> None:
        super().step()
        self.datacollector.collect(self)


def energy(world: World) -> float:
    return float(world.population["energy"].sum())


class Desert(World):
    """Rocks, and nothing else."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__({Rock: 4}, seed=seed)
        self.datacollector = mesa.DataCollector({"agents": lambda world: len(world.agents)})
        self.datacollector.collect(self)


def png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def dots(world: World, portray: str) -> tuple[Axes, list[Any]]:
    axes = Figure().subplots()
    draw(world, axes, portray)
    return axes, list(axes.collections)


class TestDraw:
    """What is drawn, without a page."""

    @pytest.mark.parametrize("space", [Plane, Grid])
    @pytest.mark.parametrize("name", ["energy", "hungry", "id"])
    def test_dots_are_columns(self, space: type[Plane | Grid], name: str) -> None:
        world = Meadow(seed=1, space=space)
        for _ in range(3):
            axes, (scatter,) = dots(world, name)
            np.testing.assert_array_equal(scatter.get_offsets(), world.space.positions)
            np.testing.assert_array_equal(scatter.get_array(), world.population[name])
            world.step()
        assert axes.get_aspect() == 1

    def test_a_plane_is_all_there_is_to_see(self) -> None:
        axes, _ = dots(Meadow(seed=1), "id")
        assert (axes.get_xlim(), axes.get_ylim()) == ((0, 20), (0, 10))

    def test_cells_of_a_grid_are_seen_whole(self) -> None:
        axes, _ = dots(Meadow(seed=1, space=Grid), "id")
        assert (axes.get_xlim(), axes.get_ylim()) == ((-0.5, 19.5), (-0.5, 9.5))

    def test_kinds_have_colours_and_names(self) -> None:
        world = Meadow(seed=1)
        axes, scatters = dots(world, "kind")
        assert [scatter.get_label() for scatter in scatters] == ["Walker", "Rock"]
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["Walker", "Rock"]
        for number, scatter in enumerate(scatters):
            mine = world.population["kind"] == number
            np.testing.assert_array_equal(scatter.get_offsets(), world.space.positions[mine])
            np.testing.assert_array_equal(
                scatter.get_facecolor(), [to_rgba(ENGINE_COLOURS[number])]
            )

    @pytest.mark.parametrize("name", ["wisdom", "memory", "position"])
    def test_what_cannot_be_a_colour(self, name: str) -> None:
        with pytest.raises(PageError, match=rf"'{name}' is none; there are: .*energy, hungry"):
            dots(Meadow(seed=1), name)

    def test_nobody(self) -> None:
        world = World({Walker: 0}, seed=1, space=Plane(5))
        for name in ("kind", "energy"):
            _, (scatter,) = dots(world, name)
            assert len(scatter.get_offsets()) == 0


@pytest.mark.skipif(HAS_SOLARA, reason="the extra `page` is installed")
def test_without_the_extra() -> None:
    with pytest.raises(
        ModuleNotFoundError, match=r"^a page needs \w+: pip install 'noosphere\[page\]'$"
    ):
        page(Meadow(seed=1))


@contextmanager
def shown(element: Any) -> Iterator[Any]:
    """The page, rendered in this process."""
    import solara

    @solara.component
    def whole() -> None:
        solara.AppLayout(children=[element])

    _, context = solara.render(whole(), handle_error=False)
    try:
        yield context
    finally:
        context.close()


def press(context: Any, label: str) -> None:
    import ipyvuetify

    context.find(ipyvuetify.Btn, children=[label]).widget.click()


def pictures(context: Any) -> list[bytes]:
    import ipywidgets

    return [bytes(image.value) for image in context.find(ipywidgets.Image).widgets]


@needs_solara
class TestPage:
    """The page in this process, its buttons pressed."""

    def test_pictures_follow_the_steps(self) -> None:
        world, reference = Meadow(seed=1), Meadow(seed=1)
        with shown(page(world, ["energy", ["energy", "squared"]], "energy")) as context:
            seen = []
            for steps in range(3):
                assert world.steps == steps
                space, *plots = pictures(context)
                assert space == png(picture(reference, "energy"))
                assert len(plots) == 2
                seen += plots
                press(context, "Step")
                reference.step()
            assert len(set(seen)) == 6

    def test_plots_are_what_was_collected(self) -> None:
        from mesa.visualization import make_plot_component

        lines: list[np.ndarray] = []

        def look(axes: Axes) -> None:
            lines.append(np.asarray(axes.lines[0].get_ydata()))

        world, reference = Meadow(seed=1), Meadow(seed=1)
        expected = [energy(reference)]
        plot = make_plot_component("energy", post_process=look)
        with shown(page(world, [plot])) as context:
            np.testing.assert_array_equal(lines[-1], expected)
            for _ in range(3):
                press(context, "Step")
                reference.step()
                expected.append(energy(reference))
                np.testing.assert_array_equal(lines[-1], expected)

    def test_a_slider_and_reset_make_another_world(self) -> None:
        import ipyvuetify
        from mesa.visualization import Slider

        params = {"walkers": Slider("walkers", 5, 1, 20)}
        with shown(page(Meadow(seed=3), ["energy"], "energy", params)) as context:
            press(context, "Step")
            (slider,) = context.find(ipyvuetify.Slider, label="walkers").widgets
            slider.v_model = 9
            press(context, "Reset")
            reference = Meadow(9, seed=3)
            assert pictures(context)[0] == png(picture(reference, "energy"))
            press(context, "Step")
            reference.step()
            assert pictures(context)[0] == png(picture(reference, "energy"))

    def test_a_seed_among_the_parameters_comes_first(self) -> None:
        with shown(page(Meadow(seed=3), params={"seed": 8})) as context:
            press(context, "Reset")
            assert pictures(context) == [png(picture(Meadow(seed=8)))]

    def test_a_world_without_space_is_plots_alone(self) -> None:
        with shown(page(Desert(seed=1), ["agents"])) as context:
            assert len(pictures(context)) == 1
        with shown(page(Desert(seed=1))) as context:
            assert pictures(context) == []

    def test_bad_requests(self) -> None:
        with pytest.raises(PageError, match=r"'wisdom' is none; there are: "):
            page(Meadow(seed=1), portray="wisdom")
        with pytest.raises(PageError, match=r"'wisdom' to plot.*Meadow has: energy, squared"):
            page(Meadow(seed=1), [["energy", "wisdom"]])
        with pytest.raises(PageError, match=r"World has none.*mesa\.DataCollector"):
            page(World({Rock: 1}, seed=1), ["agents"])


APP = """\
import mesa

from experiments.page import page as show
from swarm import Agent, Plane, World


class Walker(Agent):
    def step(self):
        x, y = self.position
        self.position = (x + 1, y)


class Meadow(World):
    def __init__(self, seed=None):
        super().__init__({Walker: 5}, seed=seed, space=Plane(10, 10))
        self.datacollector = mesa.DataCollector({"ticks": "steps"})
        self.datacollector.collect(self)

    def step(self):
        super().step()
        self.datacollector.collect(self)


page = show(Meadow(seed=1), plots=["ticks"])
"""


class Tab:
    """A page in headless Chromium, asked through its debugging protocol."""

    def __init__(self, socket: Any):
        self.socket = socket
        self.asked = 0

    def ask(self, script: str) -> Any:
        """Value of a JavaScript expression."""
        self.asked += 1
        what = {"expression": script, "returnByValue": True}
        call = {"id": self.asked, "method": "Runtime.evaluate", "params": what}
        self.socket.send(json.dumps(call))
        while True:
            answer = json.loads(self.socket.recv(timeout=DEADLINE))
            if answer.get("id") == self.asked:
                return answer["result"]["result"].get("value")

    @property
    def text(self) -> str:
        return self.ask("document.body ? document.body.innerText : ''")

    @property
    def images(self) -> list[str]:
        """Addresses of the pictures that have arrived: a new picture has a new one."""
        loaded = "[...document.images].filter(i => i.naturalWidth && i.src.startsWith('blob:'))"
        return self.ask(f"{loaded}.map(i => i.src)")


def eventually(found: Callable[[], Any]) -> Any:
    """What a function finds, once it finds something."""
    until = time.monotonic() + DEADLINE
    while not (value := found()):
        assert time.monotonic() < until, f"{found} found nothing in {DEADLINE} s"
        time.sleep(0.1)
    return value


@contextmanager
def running(*command: str | Path, **options: Any) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(DEADLINE)


@contextmanager
def browser(chromium: str, folder: Path, address: str) -> Iterator[Tab]:
    from websockets.sync.client import connect

    quiet = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
        "--disable-background-networking --disable-component-update --remote-debugging-port=0"
    )
    with running(chromium, *quiet.split(), f"--user-data-dir={folder}", address):
        chosen = folder / "DevToolsActivePort"
        port = eventually(lambda: chosen.exists() and chosen.read_text().split()[:1])[0]

        def tabs() -> list[Any]:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
                return [tab for tab in json.load(answer) if tab["type"] == "page"]

        with connect(eventually(tabs)[0]["webSocketDebuggerUrl"], max_size=None) as found:
            yield Tab(found)


def installed(distribution: str) -> bool:
    try:
        return bool(metadata.version(distribution))
    except metadata.PackageNotFoundError:
        return False


@needs_solara
@pytest.mark.slow
def test_a_browser_shows_it(tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium here")
    if not installed("solara-assets"):
        pytest.skip(
            "without the package solara-assets the page takes its scripts from the internet"
        )
    (tmp_path / "app.py").write_text(APP, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = str(Path(experiments.page.__file__).parents[1])
    serve = f"-m solara run app.py --host 127.0.0.1 --port {port} --no-open --production"
    environment = {**os.environ, "PYTHONPATH": home}

    def answers() -> bool:
        with socket.socket() as caller:
            return caller.connect_ex(("127.0.0.1", port)) == 0

    with running(sys.executable, *serve.split(), cwd=tmp_path, env=environment):
        eventually(answers)
        with browser(chromium, tmp_path / "profile", f"http://127.0.0.1:{port}/") as tab:
            # Mesa calls it "Step: 0" or, since 3.5, "Time: 0.0".
            eventually(lambda: re.search(r"(Step|Time): 0", tab.text) and len(tab.images) == 2)
            assert "Meadow" in tab.text
            before = tab.images
            tab.ask(
                "[...document.querySelectorAll('button')]"
                ".find(b => b.innerText.trim().toLowerCase() == 'step').click()"
            )
            eventually(lambda: re.search(r"(Step|Time): 1", tab.text))
            eventually(lambda: len(set(tab.images) - set(before)) == 2)
