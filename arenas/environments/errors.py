"""What can go wrong in an environment; and the extra that brings PettingZoo."""


class MoveError(ValueError):
    """A move that is not allowed, or missing, or comes before `reset`."""


def missing_extra(error: ModuleNotFoundError) -> ModuleNotFoundError:
    """The same error in a line that says what to install."""
    return ModuleNotFoundError(
        f"arenas.environments needs {error.name}: pip install 'noosphere[arena]'", name=error.name
    )
