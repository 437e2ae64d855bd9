"""Settings of the database, of services and of roles, each where it is said once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from chiro_db.adopt.live import Live
from chiro_db.adopt.services import Service
from chiro_db.kinds.parameter import QUOTED_LISTS, split_identifiers

_SECRET = re.compile(r"secret|passw|token|credential|key", re.I)
_SLOW = "log_min_duration_statement"
_VALUES = "log_parameter_max_length"
_DURATION = re.compile(r"\d+(\.\d+)?\s*(us|ms|s|min|h|d)?|-1")
UNSET = "default"
Value = str | list[str]
Own = dict[str, dict[str, str]]  # by role, parameter as it is stored


def is_secret(parameter: str) -> bool:
    """A parameter of an application's own that sounds like one is not written down."""
    return "." in parameter and _SECRET.search(parameter) is not None


def stored(live: Live, role: str | None) -> dict[str, str]:
    return {
        fact.parameter.lower(): fact.value
        for fact in live.state.facts["setting"]
        if fact.role == role and not is_secret(fact.parameter)
    }


def value(parameter: str, text: str) -> Value:
    """As the spec writes it: identifiers as a list."""
    if parameter not in QUOTED_LISTS or text == UNSET:
        return text
    names = list(split_identifiers(text))
    is_word = len(names) == 1 and re.fullmatch("[a-z_]+", names[0]) and names != [UNSET]
    return names[0] if is_word else names or ""


def of_roles(live: Live, found: Iterable[Service], named: Iterable[str]) -> Own:
    """By role what is left to say once its services have said theirs."""
    found = list(found)
    by_role: dict[str | None, dict[str, str]] = {}
    for fact in live.state.facts["setting"]:
        if not is_secret(fact.parameter):
            by_role.setdefault(fact.role, {})[fact.parameter.lower()] = fact.value
    own = {role: dict(by_role.get(role, {})) for role in named}
    paths: dict[str, list[str]] = {}
    for service in found:
        for role in _logins(live, service):
            paths.setdefault(role, []).append(service.schema)
    for role, schemas in paths.items():
        mine = own[role].setdefault("search_path", UNSET)
        if mine != UNSET and split_identifiers(mine) == tuple(schemas):
            del own[role]["search_path"]
    for service in found:
        if service.migrator is not None:
            own[service.migrator].pop("role", None)
    _shared(live, found, own)
    return own


def _logins(live: Live, service: Service) -> list[str]:
    """As kinds/setting.py has it: whoever of the service's roles logs in."""
    roles = (service.owner, service.app, service.migrator, service.reader)
    return [r for r in dict.fromkeys(roles) if r and r in live.roles and live.roles[r].login]


def _shared(live: Live, found: list[Service], own: Own) -> None:
    """What all logins of a service have moves from them to the service."""
    logins = {service.name: _logins(live, service) for service in found}
    serving: dict[str, list[str]] = {}
    for name, roles in logins.items():
        for role in roles:
            serving.setdefault(role, []).append(name)
    common: dict[str, dict[str, str]] = {}
    for name, roles in logins.items():
        every = [own[role].items() for role in roles]
        # what one role of several services has is shorter said of the role
        is_alone = len(roles) == 1 and len(serving[roles[0]]) > 1
        common[name] = dict(set.intersection(*map(set, every))) if every and not is_alone else {}
    changed = True
    while changed:
        changed = False
        for name, roles in logins.items():
            for parameter, text in list(common[name].items()):
                others = (other for role in roles for other in serving[role])
                if any(common[other].get(parameter) != text for other in others):
                    del common[name][parameter]
                    changed = True
    for service in found:
        for parameter in common[service.name]:
            for role in logins[service.name]:
                own[role].pop(parameter, None)
        service.settings = common[service.name]
        slow, values = (service.settings.get(name) for name in (_SLOW, _VALUES))
        if slow is not None and _DURATION.fullmatch(slow) and values in ("0", "-1"):
            service.threshold = service.settings.pop(_SLOW)
            service.logs_values = service.settings.pop(_VALUES) == "-1"


def common_threshold(found: Iterable[Service]) -> str | None:
    """What can stand once for all services: each has a threshold, and some have the same."""
    counted = Counter(None if s.logs_values else s.threshold for s in found)
    if None in counted or not counted:
        return None
    threshold, times = counted.most_common(1)[0]
    return threshold if times > 1 else None


def written(found: Mapping[str, str]) -> dict[str, Value]:
    return {parameter: value(parameter, found[parameter]) for parameter in sorted(found)}
