"""Which keys a section of the spec may have, read off the models."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from chiro_db.model.spec import Spec
from chiro_db.spec.positions import Path


def keys(path: Path) -> list[str]:
    """The keys of the section at a path, such as `("roles", "bi", "member_of", 0)`."""
    annotation: Any = Spec
    for part in path:
        annotation = _inside(_bare(annotation), part)
    model = _bare(annotation)
    return list(_fields(model)) if _is_model(model) else []


def _inside(annotation: Any, part: str | int) -> Any:
    if _is_model(annotation):
        return _fields(annotation).get(str(part))
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return arguments[1]
    return arguments[0] if get_origin(annotation) is tuple else None


def _bare(annotation: Any) -> Any:
    """Without `Annotated` and `| None`."""
    while get_origin(annotation) in (Annotated, Union, UnionType):
        annotation = get_args(annotation)[0]
    return annotation


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
