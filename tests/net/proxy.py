"""What lies between two daemons, and is hostile.

proxy.py ADDR:PORT ADDR:PORT FOLDER CANARY...: from the first address to the
second. What it does is in FOLDER/mode, read anew for each piece:
    pass    nothing
    delay   a piece waits for 0.2 s
    crumbs  a piece goes on byte by byte
    cut     a connection ends in the middle of a piece
    flip    a bit of a piece is another
    twice   a piece comes again
    replay  before a new connection all that an old one has sent comes again
    hole    a piece waits until this is over
    lose    a piece is lost
FOLDER/counts has how often each was done, and two more: `ended`, replayed
connections that the daemon has closed, and `seen`, canaries in any piece.
"""
import asyncio
import os
import random
import socket
import sys

start, target, folder = sys.argv[1:4]
canaries = [text.encode() for text in sys.argv[4:]]
chance = random.Random(1)
counts = dict.fromkeys("pass delay crumbs cut flip twice replay hole lose ended "
                       "seen".split(), 0)
recorded = b""


def split(address):
    host, _, port = address.rpartition(":")
    return host, int(port)


def mode():
    with open(f"{folder}/mode") as file:
        return file.read().strip() or "pass"


def count(what):
    counts[what] += 1
    with open(f"{folder}/counts.new", "w") as file:
        print(*(f"{name}={n}" for name, n in counts.items()), file=file)
    os.replace(f"{folder}/counts.new", f"{folder}/counts")


async def deliver(piece, writer, now):
    """False: the connection is over."""
    if now == "delay":
        await asyncio.sleep(0.2)
    elif now == "flip":
        at = chance.randrange(len(piece))
        flipped = piece[at] ^ 1 << chance.randrange(8)
        piece = piece[:at] + bytes([flipped]) + piece[at + 1:]
    elif now == "twice":
        piece += piece
    elif now == "cut":
        piece = piece[:len(piece) // 2]
    elif now == "lose":
        return True
    while now == "hole" and mode() == "hole":
        await asyncio.sleep(0.05)
    step = 1 if now == "crumbs" else len(piece) or 1
    for at in range(0, len(piece), step):
        writer.write(piece[at:at + step])
        await writer.drain()
    return now != "cut"


async def carry(reader, writer, keep):
    tail = b""
    while piece := await reader.read(65536):
        keep(piece)
        if any(canary in tail + piece for canary in canaries):
            count("seen")
        tail = (tail + piece)[-64:]
        now = mode()
        if now != "replay":
            count(now)
        if not await deliver(piece, writer, now):
            break


async def replay():
    reader, writer = await asyncio.open_connection(*split(target))
    writer.write(recorded)
    try:
        await asyncio.wait_for(reader.read(-1), 15)
        count("ended")
    except (TimeoutError, asyncio.TimeoutError):
        pass
    except OSError:
        count("ended")
    writer.close()


async def serve(reader, writer):
    global recorded
    sent = bytearray()
    if mode() == "replay" and recorded:
        count("replay")
        asyncio.create_task(replay())
    try:
        far = await asyncio.open_connection(*split(target))
    except OSError:
        writer.close()
        return
    for end in writer, far[1]:
        end.get_extra_info("socket").setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    both = [asyncio.create_task(carry(reader, far[1], sent.extend)),
            asyncio.create_task(carry(far[0], writer, len))]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    for task in both:
        task.cancel()
    await asyncio.gather(*both, return_exceptions=True)
    recorded = bytes(sent) or recorded
    for end in writer, far[1]:
        end.transport.abort()


async def main():
    server = await asyncio.start_server(serve, *split(start))
    print("there", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
