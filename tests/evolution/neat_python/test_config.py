"""INI files are read as neat-python reads them, and what is wrong with one is said."""

import warnings

import pytest

from evolution import neat_python as neat
from evolution.neat_python import ConfigFileError, UnknownConfigItemError, sections
from evolution.neat_python.config import Config
from tests.evolution.neat_python.samples import VARIED, ini, their_config

FILES = {
    "usual": {},
    "varied": VARIED,
    "partial": {"initial_connection": "partial_nodirect 0.25", "num_hidden": 3},
    "recurrent": {"feed_forward": "False", "initial_connection": "full", "seed": 7},
    "endless": {"no_fitness_termination": "True", "fitness_criterion": "whatever"},
    "surer": {"single_structural_mutation": "True", "structural_mutation_surer": "Yes"},
    "short": {
        "bias_init_type": None,
        "enabled_rate_to_true_add": None,
        "structural_mutation_surer": None,
        "elitism": None,
        "survival_threshold": None,
        "min_species_size": None,
        "species_fitness_func": None,
        "max_stagnation": None,
        "initial_connection": None,
    },
    "time": {"time_constant_init_mean": "2.0", "time_constant_max_value": "5"},
}
PARTS = {
    "genome_config": sections.GENOME,
    "species_set_config": sections.SPECIES_SET,
    "stagnation_config": sections.STAGNATION,
    "reproduction_config": sections.REPRODUCTION,
}


@pytest.fixture(params=FILES)
def changes(request):
    return FILES[request.param]


def read(folder, **changes):
    path = folder / "ours.ini"
    path.write_text(ini(**changes))
    return neat.Config(
        neat.DefaultGenome,
        neat.DefaultReproduction,
        neat.DefaultSpeciesSet,
        neat.DefaultStagnation,
        path,
    )


def values(config, without=()):
    """All settings of a configuration, ours or neat-python's."""
    found = {name: getattr(config, name) for name, *_ in sections.NEAT}
    for part, settings in PARTS.items():
        found |= {name: getattr(getattr(config, part), name) for name, *_ in settings}
    return {name: value for name, value in found.items() if name not in without}


# neat-python takes these apart, or writes them in another way.
APART = ("initial_connection", "structural_mutation_surer")


def test_every_setting_is_read_as_neat_python_reads_it(tmp_path, changes):
    pytest.importorskip("neat")
    theirs, ours = their_config(tmp_path, **changes), read(tmp_path, **changes)
    assert values(ours, APART) == values(theirs, APART)
    share = theirs.genome_config.connection_fraction
    whole = theirs.genome_config.initial_connection + ("" if share is None else f" {share}")
    assert ours.genome_config.initial_connection == whole
    assert ours.genome_config.input_keys == theirs.genome_config.input_keys
    assert ours.genome_config.output_keys == theirs.genome_config.output_keys


def test_what_is_saved_reads_the_same_here_and_in_neat_python(tmp_path, changes):
    ours = read(tmp_path, **changes)
    ours.save(tmp_path / "saved.ini")
    again = neat.Config(filename=tmp_path / "saved.ini")
    assert values(again) == values(ours)
    assert Config.from_text(ours.text()).text() == ours.text()
    theirs = pytest.importorskip("neat")
    kinds = (theirs.DefaultGenome, theirs.DefaultReproduction)
    kinds += (theirs.DefaultSpeciesSet, theirs.DefaultStagnation)
    assert values(theirs.Config(*kinds, tmp_path / "saved.ini"), APART) == values(ours, APART)


def test_settings_may_be_changed_until_there_is_a_population(tmp_path):
    config = read(tmp_path)
    config.pop_size = 12
    config.genome_config.num_hidden = 2
    config.genome_config.initial_connection = "full_nodirect"
    population = neat.Population(config, seed=1)
    assert len(population.population) == 12
    assert {len(genome.nodes) for genome in population.population.values()} == {3}


def test_a_switch_that_is_left_out_is_off():
    config = Config.from_text(ini(single_structural_mutation=None))
    assert config.genome_config.single_structural_mutation is False


# What is wrong


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"pop_size": None}, r"\[NEAT\].*nothing of 'pop_size'.*pop_size = 150"),
        ({"weight_mutate_rate": None}, r"\[DefaultGenome\].*'weight_mutate_rate'"),
        ({"compatibility_threshold": None}, r"\[DefaultSpeciesSet\].*'compatibility_threshold'"),
        ({"no_fitness_termination": None}, r"no_fitness_termination = False"),
        ({"pop_size": "many"}, r"pop_size = many; it must be a whole number"),
        ({"bias_init_mean": "high"}, r"bias_init_mean = high; it must be a number"),
        ({"feed_forward": "maybe"}, r"feed_forward = maybe; it must be True or False"),
        ({"pop_size": "1"}, r"pop_size is 1; at least 2"),
        ({"fitness_criterion": "best"}, r"fitness_criterion is 'best'; allowed: max, min, mean"),
        ({"initial_connection": "dense"}, r"\[DefaultGenome\]: initial_connection is 'dense'"),
        ({"activation_options": "sigmoid swish"}, r"no activation function is called 'swish'"),
        ({"activation_default": "tanh"}, r"activation_default is 'tanh'"),
        ({"weight_min_value": "40"}, r"weight_min_value is 40.0"),
        ({"species_fitness_func": "sum"}, r"\[DefaultStagnation\]: species_fitness_func"),
        ({"survival_threshold": "2"}, r"\[DefaultReproduction\]: survival_threshold is 2.0"),
    ],
)
def test_a_bad_setting_is_named_with_what_would_do(changes, told):
    with pytest.raises(ConfigFileError, match=told) as caught:
        Config.from_text(ini(**changes))
    # Those who expect neat-python's own error get it.
    assert isinstance(caught.value, RuntimeError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("title", ["NEAT", "DefaultReproduction"])
def test_a_setting_that_there_is_none_of_is_an_error(title):
    text = ini().replace(f"[{title}]\n", f"[{title}]\nelitsm = 3\n")
    with pytest.raises(UnknownConfigItemError, match=rf"\[{title}\].*'elitsm'") as caught:
        Config.from_text(text)
    assert isinstance(caught.value, NameError)
    if title == "DefaultReproduction":
        assert "did you mean 'elitism'?" in str(caught.value)


def test_neat_python_passes_over_such_settings_of_genomes_so_they_are_a_warning(tmp_path):
    with pytest.warns(UserWarning, match="did you mean 'bias_mutate_rate'"):
        config = Config.from_text(ini(bias_mutate_rat="0.5"))
    assert config.genome_config.bias_mutate_rate == 0.7


def test_time_constants_that_vary_are_a_warning():
    with pytest.warns(UserWarning, match="time constants do not vary"):
        Config.from_text(ini(time_constant_mutate_rate="0.5"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Config.from_text(ini(time_constant_init_mean="2.0"))


def test_files_that_are_none_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no configuration file .*nowhere\.ini"):
        neat.Config(filename=tmp_path / "nowhere.ini")
    with pytest.raises(ConfigFileError, match=r"no section \[DefaultGenome\]"):
        Config.from_text(ini().replace("[DefaultGenome]", "[MyGenome]"))
    with pytest.raises(ConfigFileError, match="not an INI file"):
        Config.from_text("pop_size: 150")


def test_classes_and_functions_of_ones_own_need_neat_python_itself(tmp_path):
    class MyGenome(neat.DefaultGenome):
        pass

    path = tmp_path / "ours.ini"
    path.write_text(ini())
    with pytest.raises(ConfigFileError, match=r"MyGenome.*only evolution.neat_python.DefaultGen"):
        neat.Config(MyGenome, filename=path)
    config = neat.Config(filename=path)
    with pytest.raises(ConfigFileError, match="'swish' cannot be added"):
        config.genome_config.add_activation("swish", lambda z: z)
    with pytest.raises(ConfigFileError, match="'mode' cannot be added"):
        config.genome_config.add_aggregation("mode", lambda x: x[0])
    with pytest.raises(AttributeError, match=r"'num_input'; did you mean 'num_inputs'"):
        config.genome_config.num_input  # noqa: B018
