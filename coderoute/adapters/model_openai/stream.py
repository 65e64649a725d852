"""The events of a streamed response; its last one holds the whole response."""

from coderoute.domain.conversation import JsonObject
from coderoute.domain.http_answer import BadEvent, ErrorWithin


class StreamedResponse:
    """What came of a response. `begun`: the model was at work; `whole`: the response came to its end."""

    def __init__(self) -> None:
        self.begun = False
        self.message: JsonObject | None = None
        self._items: list[object] = []

    @property
    def whole(self) -> bool:
        return self.message is not None

    def take(self, event: JsonObject) -> None:
        """Add the next event.

        Raises:
            ErrorWithin: it says that the provider failed.
            BadEvent: it ends a response that it does not hold.
        """
        match event.get("type"):
            case "error":
                error = event.get("error")
                said = error if isinstance(error, dict) else {k: v for k, v in event.items() if k != "type"}
                raise ErrorWithin(said)
            case "response.output_item.done":
                self.begun = True
                self._items.append(event.get("item"))
            case "response.completed" | "response.incomplete" | "response.failed":
                response = event.get("response")
                if not isinstance(response, dict):
                    raise BadEvent("the last event holds no response")
                # Some compatible servers repeat nothing in it.
                self.message = response if response.get("output") else {**response, "output": self._items}
            case _:
                self.begun = True
