"""Street addresses of the account, and the numbers of others it may call from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Address:
    """A street address, such as the one emergency services are told."""

    sid: str
    created: float
    updated: float
    customer_name: str = ""
    friendly_name: str = ""
    street: str = ""
    street_secondary: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    iso_country: str = ""
    emergency_enabled: bool = False


@dataclass
class CallerId:
    """A number whose owner has shown that calls may be made in its name."""

    sid: str
    number: str
    friendly_name: str
    created: float
    updated: float
