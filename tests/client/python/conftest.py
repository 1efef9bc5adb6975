import pytest
import xp
import xp.channel
from fake_server import FakeServer


@pytest.fixture
def server():
    fake = FakeServer()
    yield fake
    fake.stop()


@pytest.fixture
def client(server, monkeypatch):
    # How soon nobody is said to be there is connect_test's; a loaded machine is not nobody.
    monkeypatch.setattr(xp.channel, "CONNECT_SECONDS", 60.0)
    with xp.connect(server.address) as connected:
        yield connected
