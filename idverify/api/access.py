"""Who calls: the client behind the key of a request, and the installation it works on."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from idverify.api.security import bearer_key, require_scope
from idverify.api.service import Service
from idverify.ceremonies import Parts
from idverify.ceremonies.clients import key_hash
from idverify.errors import Unauthenticated
from idverify.store import clients
from idverify.store.clients import Client

_bearer = HTTPBearer(auto_error=False, scheme_name="clientKey", description="A client key from `idverify clients add`.")


@dataclass(frozen=True, slots=True)
class Caller:
    """A client that was authenticated, and the service it talks to."""

    client: Client
    service: Service

    def parts(self) -> Parts:
        """The installation this client works on: the real one, or the sandbox. May touch the disk: call it in a pool."""
        return self.service.sandbox.parts() if self.client.sandbox else self.service.parts

    def subject_id(self, named: str) -> str:
        """The id of the subject that the client named, in its own installation."""
        return self.service.sandbox.subject_id(named) if self.client.sandbox else named


async def service_of(request: Request) -> Service:
    """The service of this app. Asynchronous, as every dependency is: a plain function would run in a pool of FastAPI's own."""
    return cast(Service, request.app.state.service)


ServiceOf = Annotated[Service, Depends(service_of)]


def caller_with(*scopes: str) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """A dependency: the caller, who has one of the scopes. It runs before the body is read: strangers make us receive none.

    Raises Unauthenticated, ScopeMissing, StoreUnavailable.
    """

    async def authenticate(
        request: Request, service: ServiceOf, _documented: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
    ) -> Caller:
        hashed = key_hash(service.parts.secrets.client_keys, bearer_key(request.headers.get("authorization")))

        def find() -> Client | None:
            with service.parts.store.reading() as tx:
                return clients.by_key_hash(tx, hashed)

        client = await service.look_up(find)
        if client is None or client.revoked_at is not None:
            raise Unauthenticated("this client key is unknown or revoked")
        if not client.scopes & set(scopes):
            require_scope(client, scopes[0])
        return Caller(client, service)

    return authenticate
