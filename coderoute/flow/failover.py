"""Another model of the user's list, where one gives no answer: always in a conversation of its own."""

from collections.abc import Callable, Collection
from typing import TypeVar

from coderoute.domain import places
from coderoute.domain.conversation import ModelRef
from coderoute.flow.world import World
from coderoute.ledger import ProviderDown

T = TypeVar("T")


def chosen(world: World, role: str, place: str, down: Collection[str]) -> ModelRef:
    """Who is asked at a place of the story (`execute/fix/2`): the first model listed for `role` that is not in `down`
    and not left alone just now. Kept, so that a resumed conversation stays with its model."""
    listed = (world.model(role), *world.terms.fallbacks.get(role, ()))
    if len(listed) == 1:
        return listed[0]
    name = world.journal.once(places.model(place), str, lambda: first_up(world, listed, down).name)
    return next(model for model in listed if model.name == name)


def first_up(world: World, listed: tuple[ModelRef, ...], down: Collection[str]) -> ModelRef:
    answering = [model for model in listed if model.name not in down and not world.ledger.is_down(model)]
    return next(iter(answering), listed[0])


def or_no_answer(world: World, role: str, down: set[str], ask: Callable[[], T], no_answer: Callable[[str], T]) -> T:
    """What `ask` brings; `no_answer(problem)` where its model is down and another is left to be asked. The name of what
    is down joins `down`.

    Raises:
        ProviderDown: nobody is left.
    """
    try:
        return ask()
    except ProviderDown as error:
        down.add(error.model.name)
        other = world.terms.model_for(role, excluding=down)
        if other is None:
            raise
        problem = f"{error.problem}; {other.name} is asked instead"
        world.tell("model.replaced", {"role": role, "down": error.model.name, "by": other.name})
        return no_answer(problem)
