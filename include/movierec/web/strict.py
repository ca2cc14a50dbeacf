"""Requests for the API that can be read in one way only: everything else is refused instead of guessed.

Of a key or a parameter that comes twice, one reader takes the first and another the last; an unknown parameter is most
often a filter with a typing error, whose answer would pass for a filtered one.
"""

import json
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, cast, get_origin

from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from movierec.web.problems import ProblemError

JSON = "application/json"
SHOWN = 60  # characters of a name that is refused
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Dependency = Callable[[Request], Coroutine[Any, Any, object]]


class StrictRoute(APIRoute):
    """A route that refuses unknown and repeated parameters, bodies of other types, and keys that come twice.

    A route whose parameters a model describes is answered by its function at once: FastAPI looks at each parameter
    twice and for each dependency anew, which costs more than the rest of its part of a request. Where a parameter or an
    id in the address is wrong, FastAPI reads them again and says all that is.
    """

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        handle = super().get_route_handler()
        model = self._query_model()
        types = self._query_types(model)
        may_repeat = {name: get_origin(annotation) is list for name, annotation in types.items()}
        has_body = self.body_field is not None
        answer = self._answer_of(handle) if model else None

        async def handle_strictly(request: Request) -> Response:
            if request.scope["query_string"]:
                _require_known(request.query_params.multi_items(), may_repeat)
            if has_body:
                _require_json(request)
                request = JsonRequest(request.scope, request.receive)
            if model is None or answer is None:
                return await handle(request)
            try:
                asked = _read(model, request, may_repeat)
            except ValidationError:
                return await handle(request)
            return await answer(request, asked)

        return handle_strictly

    def _query_model(self) -> type[BaseModel] | None:
        """Return the model that describes all parameters, None where they are described one by one."""
        types = [field.field_info.annotation for field in self.dependant.query_params]
        model = types[0] if len(types) == 1 else None
        return model if isinstance(model, type) and issubclass(model, BaseModel) else None

    def _query_types(self, model: type[BaseModel] | None) -> dict[str, Any]:
        if model:
            return {name: field.annotation for name, field in model.model_fields.items()}
        return {field.alias: field.field_info.annotation for field in self.dependant.query_params}

    def _answer_of(self, handle: Handler) -> Callable[[Request, BaseModel], Coroutine[Any, Any, Response]]:
        """Return what answers a request whose parameters have been read; OpenAPI describes what FastAPI would do."""
        (asked_name,) = (field.name for field in self.dependant.query_params)
        ids = self.dependant.path_params
        dependencies = [(str(each.name), cast(Dependency, each.call)) for each in self.dependant.dependencies]

        async def answer(request: Request, asked: BaseModel) -> Response:
            values: dict[str, object] = {"request": request, asked_name: asked}
            for field in ids:
                values[field.name], errors = field.validate(request.path_params[field.alias])
                if errors:
                    return await handle(request)
            for name, ask in dependencies:
                values[name] = await ask(request)
            return cast(Response, await self.endpoint(**values))

        return answer


def _read(model: type[BaseModel], request: Request, may_repeat: Mapping[str, bool]) -> BaseModel:
    given = request.query_params
    return model.model_validate({name: given.getlist(name) if may_repeat[name] else given[name] for name in given})


class JsonRequest(Request):
    """A request whose body is read by `read_json`."""

    async def json(self) -> Any:
        """Return the body.

        Raises:
            HTTPException: 400 or 422, see `read_json`.
        """
        if not hasattr(self, "_body_as_json"):
            self._body_as_json = read_json(await self.body())
        return self._body_as_json


def read_json(body: bytes) -> Any:
    """Return what a body says.

    Raises:
        HTTPException: 422, it is no JSON, or an object of it has a key more than once; 400, it has bytes that are no
            text, or is nested deeper than is read. FastAPI would make any other error one without a reason.
    """
    try:
        return json.loads(body.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise HTTPException(422, f"body: this is no JSON: {error.msg} at character {error.pos + 1}") from error
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"body: this is no UTF-8 at byte {error.start + 1}") from error
    except RecursionError as error:
        raise HTTPException(400, "body: lists and objects are nested deeper than is read") from error
    except ValueError as error:  # Python reads no number of thousands of digits
        raise HTTPException(422, "body: a number has more digits than are read") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = Counter(name for name, _ in pairs)
        repeated = next(name for name, times in names.items() if times > 1)
        raise HTTPException(422, f"body: an object has the key {_quoted(repeated)} more than once; once is allowed")
    return value


def _refuse_constant(name: str) -> None:
    raise HTTPException(422, f"body: {name} is no number of JSON")


def _require_known(pairs: Sequence[tuple[str, str]], may_repeat: Mapping[str, bool]) -> None:
    for name, times in Counter(name for name, _ in pairs).items():
        if name not in may_repeat:
            known = f"{', '.join(may_repeat)} can be" if may_repeat else "there are none at this address"
            raise ProblemError(422, f"query: no parameter is called {_quoted(name)}; {known}")
        if times > 1 and not may_repeat[name]:
            raise ProblemError(422, f"query {name}: the parameter comes {times} times; once is allowed")


def _require_json(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON and not (media_type.startswith("application/") and media_type.endswith("+json")):
        raise ProblemError(415, f"the body has to be JSON, and Content-Type has to say so: {JSON}", {"accept": JSON})
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        detail = "packed bodies are not read; send the body as it is, without Content-Encoding"
        raise ProblemError(415, detail, {"accept-encoding": "identity"})


def _quoted(name: str) -> str:
    """Return the beginning of a name as JSON writes it in ASCII: it may hold anything, halves of letters too."""
    return json.dumps(name[:SHOWN])
