import asyncio, time
import numpy as np, pytest
from core.fixes import Fixes
from store import archive as A, pg
from store.archive import Archive
from tests.running import run_pool
from tests.strategies import T0_US
from tests.servers import timescale_server
from tests.conftest import make_template, admin, database_url
OLD = b"""INSERT INTO fixes SELECT device_no, time, received, lat, lon,
    nullif(speed, 'NaN'), nullif(course, 'NaN'), nullif(accuracy, 'NaN'), nullif(altitude, 'NaN'),
    nullif(battery, 'NaN'), nullif(odometer, 'NaN'), nullif(ignition, -1), nullif(moving, -1),
    flags, dialect, content FROM staging ON CONFLICT DO NOTHING"""
def batch(i, n, devs):
    rng=np.random.default_rng(i)
    return Fixes.of([f"d{k}" for k in range(devs)], device=np.arange(n)%devs, time_us=T0_US+i*10_000_000+np.arange(n)*997, received_us=T0_US+i*10_000_000+np.arange(n), lat=rng.random(n), lon=rng.random(n))
def go(url):
    async def body(pool):
        out={}
        for label, n, devs, count in (("1000/200",1000,200,100),("100/100",100,100,300)):
            for which in ("old","new"):
                pg.queries("queries.sql")["store_fixes"], keep = (OLD if which=="old" else pg.queries("queries.sql")["store_fixes"]), pg.queries("queries.sql")["store_fixes"]
                a=Archive(pool); await a.offsets()
                base = 0 if which=="old" else 5000
                t=time.perf_counter()
                for i in range(count):
                    await a.write({"in.0": f"{time.time_ns()}-0"}, batch(base+i+(0 if n==1000 else 20000), n, devs))
                out[label,which]=round(n*count/(time.perf_counter()-t))
                pg.queries("queries.sql")["store_fixes"]=keep
        from store.upkeep import roll_up
        t=time.perf_counter(); k=await roll_up(pool); out["roll_up"]=(k, round(time.perf_counter()-t,2))
        return out
    return run_pool(url, body)
def test_b(postgres_url):
    print("plain", go(postgres_url))
    with timescale_server() as url:
        make_template(url); admin(url,"CREATE DATABASE b TEMPLATE ronda_template")
        print("ts", go(database_url(url,"b")))
