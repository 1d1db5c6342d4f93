"""Findings in a reasoning world: embargoes, rumours, sealed tasks, and what is still new."""

import numpy as np
import pytest

from swarm import Gossip, Reasoning, Remembering, Settlement, System, Tasks, World
from swarm.genes import PROTOCOLS, decode
from swarm.memory import Tally
from swarm.reasoning import reason
from tests.swarm.worlds import Idle, plenty, problem, reasoners, run


def loner_world(**changed: System) -> World:
    """Agents that write nothing by themselves and trust what they are told, without market."""
    systems = {
        "tasks": Tasks(problem(), len(problem().table), sealed=0.0),
        "gossip": Gossip(loss=1.0),
        "reasoning": Reasoning(),
        "settlement": Settlement(),
        "remembering": Remembering(per_agent=0, embargo=3),
    }
    world = World(6, list((systems | changed).values()), seed=1)
    world.genes("protocol")[:, list(PROTOCOLS).index("trust")] = 1.0
    world.genes("protocol")[:, list(PROTOCOLS).index("novelty")] = 0.0
    return world


def plant(world: World, row: int, query: int) -> int:
    """One agent finds the least likely answer of a query; the finding's id."""
    block, memory = problem().table.block, world.system(Remembering)
    source, relation = int(block.source[query]), int(block.relation[query])
    R = problem().evidence.relations
    answer = unlikely(query)
    ids = memory.facts.append(
        source if relation < R else answer,
        relation % R,
        answer if relation < R else source,
        author=world.population["id"][row],
        tick=world.steps,
        engine=0,
        confidence=1.0,
    )
    world.system(Gossip).tell(world, np.array([row]), ids)
    return int(ids[0])


def unlikely(query: int) -> int:
    table = problem().table
    return int(np.where(table.block.open[query], table.scores[query, 0], np.inf).argmin())


def believers(world: World, query: int) -> np.ndarray:
    """bool[n], who thinks otherwise of a query for what they have heard or read."""
    strategies, costs = decode(world.genes), problem().faculties.costs
    agents, queries = np.arange(len(strategies)), np.full(len(strategies), query)
    hearsay = world.system(Remembering).hearsay(world)
    told = reason(strategies, problem().table, costs, agents, queries, hearsay)
    untold = reason(strategies, problem().table, costs, agents, queries)
    changed: np.ndarray = (told.scores != untold.scores).any(axis=1)
    return changed


@pytest.mark.parametrize("query", [5, 600])  # a tail is asked for, and a head
def test_a_finding_is_its_authors_alone_until_the_embargo_is_over(query: int) -> None:
    world = loner_world()
    world.step()
    plant(world, 2, query)
    for _ in range(2):
        assert believers(world, query).tolist() == [False, False, True, False, False, False]
        assert world.system(Remembering).public == 0
        world.step()
    world.step()
    assert believers(world, query).all()
    assert world.system(Remembering).public == 1


def test_whoever_heard_the_rumour_may_use_it_before() -> None:
    world = loner_world()
    world.step()
    rumour = plant(world, 2, 5)
    world.system(Gossip).tell(world, np.array([4]), np.array([rumour]))
    assert believers(world, 5).tolist() == [False, False, True, False, True, False]


def test_sealed_tasks_are_answered_without_hearsay() -> None:
    world = loner_world(tasks=Tasks(problem(), len(problem().table), sealed=1.0))
    world.step()
    plant(world, 2, 5)
    assert not believers(world, 5).any()
    run(world, 4)
    assert world.system(Remembering).public == 1
    assert not believers(world, 5).any()


def test_gossip_spreads_a_planted_finding_to_all_unless_every_message_is_lost() -> None:
    spreading = loner_world(gossip=Gossip(), remembering=Remembering(per_agent=0, embargo=99))
    silent = loner_world(remembering=Remembering(per_agent=0, embargo=99))
    for world, sizes in ((spreading, []), (silent, [])):
        world.step()
        rumour = plant(world, 0, 5)
        for _ in range(8):
            heard = (world.population["heard"] == rumour).any(axis=1)
            assert believers(world, 5).tolist() == heard.tolist()
            sizes.append(int(heard.sum()))
            world.step()
        assert sizes[0] == 1
        if world is spreading:
            assert sizes == sorted(sizes)
            assert sizes[-1] == 6
        else:
            assert sizes == [1] * 8


def test_novelty_falls_as_memory_fills_with_the_same_answers() -> None:
    world = loner_world(
        tasks=Tasks(problem(), len(problem().table), sealed=1.0),
        remembering=Remembering(per_agent=len(problem().table), embargo=0),
    )
    world.genes("publish")[:] = 0.0
    for locus in ("order", "weight", "variant", "length", "gate", "beam", "commit", "protocol"):
        world.genes(locus)[:] = world.genes(locus)[0]  # all of one mind
    surprise = []
    for _ in range(5):
        before = world.population["surprise"].copy()
        world.step()
        gained = world.population["surprise"] - before
        surprise.append(float(gained.sum() / world.system(Settlement).credit.sum()))
        assert np.allclose(gained, gained[0])
    assert surprise[0] == pytest.approx(1)  # nothing was known
    assert (np.diff(surprise) < 0).all()
    assert surprise[-1] < 0.5


def test_findings_are_answers_given_in_their_tick_by_their_author() -> None:
    world = reasoners(selection=Idle())
    memory, block = world.system(Remembering), problem().table.block
    R = problem().evidence.relations
    for _ in range(6):
        start = len(memory.facts)
        world.step()
        reasoning, tasks = world.system(Reasoning), world.system(Tasks)
        answers = reasoning.answers
        assert answers is not None
        given: dict[tuple[int, int], tuple[int, float, int]] = {}
        for t, row, place in zip(reasoning.in_time, reasoning.agent, reasoning.place, strict=True):
            given[int(world.agents.get("id")[row]), int(tasks.board[place])] = (
                int(answers.best[t]),
                float(answers.confidence[t]),
                int(answers.proposer[t]),
            )
        asked = reasoning.place[memory.written[2]]
        written = {name: column[start:] for name, column in memory.facts.columns().items()}
        assert set(written["tick"].tolist()) == {world.steps}
        assert np.unique(written["author"], return_counts=True)[1].max() <= 4
        publish = dict(zip(world.agents.get("id"), world.genes("publish")[:, 0], strict=True))
        for i in range(len(written["author"])):
            author, query = int(written["author"][i]), int(tasks.board[asked[i]])
            best, confidence, engine = given[author, query]
            source, relation = int(block.source[query]), int(block.relation[query])
            fact = (source, relation, best) if relation < R else (best, relation - R, source)
            assert fact == tuple(
                int(written[name][i]) for name in ("subject", "relation", "object")
            )
            assert (confidence, engine) == (written["confidence"][i], written["engine"][i])
            assert publish[author] <= confidence < 1


def test_whoever_asks_for_certainty_never_writes() -> None:
    world = reasoners(market=plenty(), selection=Idle(), remembering=Remembering(per_agent=48))
    world.genes("publish")[:20] = 1.0
    world.genes("publish")[20:] = 0.0
    for _ in range(3):
        world.step()
        answers = world.system(Reasoning).answers
        assert answers is not None
        assert 0 <= answers.confidence.min() <= answers.confidence.max() < 1
    author = world.system(Remembering).facts.columns()["author"]
    assert set(author.tolist()) == set(range(20, 40))


def test_the_tally_of_a_resumed_world_is_equal() -> None:
    world = run(reasoners(), 7)
    resumed = reasoners()
    resumed.restore(world.state())
    left, right = (each.system(Remembering).editions[0].tally for each in (world, resumed))
    assert 0 < left.absorbed == right.absorbed < len(world.system(Remembering).facts)
    assert left.count.tobytes() == right.count.tobytes()
    assert left.weight.tobytes() == right.weight.tobytes()
    public = Tally(14, 55)
    public.absorb(world.system(Remembering).facts, np.arange(left.absorbed))
    assert public.count.tobytes() == left.count.tobytes()
