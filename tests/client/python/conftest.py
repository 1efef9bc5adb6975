import pytest
import xp
from fake_server import FakeServer


@pytest.fixture
def server():
    fake = FakeServer()
    yield fake
    fake.stop()


@pytest.fixture
def client(server):
    with xp.connect(server.address) as connected:
        yield connected
