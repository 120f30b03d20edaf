"""A participant made of parts that nobody here wrote: aiortc for media, python-socketio for events.

    aiortc_client.py URL TOKEN ROOM [--dtls-role client|server]

Joins, sends a moving picture of 320x240 in VP8 and a tone in opus, receives everybody's sound and
picture, and tells once in 0.2 s on standard output, in one line of JSON, what has arrived. It ends
when its standard input does. SDP is made here from what the server says of its transports: the
server itself speaks of parameters only.
"""

import argparse
import asyncio
import fractions
import json
import math
import sys
import time

import numpy
import socketio
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.sdp import SessionDescription
from av import AudioFrame, VideoFrame

WIDTH, HEIGHT, FRAMES_PER_SECOND = 320, 240, 15
SAMPLE_RATE, SAMPLES_PER_FRAME, TONE_HZ = 48000, 960, 440
REPLY_SECONDS = 15
TELL_SECONDS = 0.2
TONE_AMPLITUDE = 8000

# What aiortc understands of all that a router offers.
CODECS = ("audio/opus", "video/vp8")
FEEDBACK = (("nack", ""), ("nack", "pli"), ("goog-remb", ""))
EXTENSIONS = (
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
)


class Picture(MediaStreamTrack):
    """A bright bar that wanders over grey, so that every frame is another one."""

    kind = "video"

    def __init__(self):
        super().__init__()
        self.started = time.monotonic()
        self.number = 0

    async def recv(self):
        due = self.started + self.number / FRAMES_PER_SECOND
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        image = numpy.full((HEIGHT, WIDTH, 3), 70, dtype=numpy.uint8)
        left = (self.number * 6) % (WIDTH - 40)
        image[:, left : left + 40] = (230, 200, 60)
        frame = VideoFrame.from_ndarray(image, format="rgb24")
        frame.time_base = fractions.Fraction(1, 90000)
        frame.pts = self.number * 90000 // FRAMES_PER_SECOND
        self.number += 1
        return frame


class Tone(MediaStreamTrack):
    kind = "audio"

    def __init__(self):
        super().__init__()
        self.started = time.monotonic()
        self.sample = 0

    async def recv(self):
        due = self.started + self.sample / SAMPLE_RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        times = (self.sample + numpy.arange(SAMPLES_PER_FRAME)) / SAMPLE_RATE
        wave = TONE_AMPLITUDE * numpy.sin(2 * math.pi * TONE_HZ * times)
        frame = AudioFrame.from_ndarray(
            wave.astype(numpy.int16).reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = fractions.Fraction(1, SAMPLE_RATE)
        frame.pts = self.sample
        self.sample += SAMPLES_PER_FRAME
        return frame


class Transport:
    """One of the server's transports and the SDP lines that all its media sections share."""

    def __init__(self, created):
        self.created = created

    def lines(self, setup):
        ice, dtls = self.created["iceParameters"], self.created["dtlsParameters"]
        yield f"a=ice-ufrag:{ice['usernameFragment']}"
        yield f"a=ice-pwd:{ice['password']}"
        for candidate in self.created["iceCandidates"]:
            yield (
                "a=candidate:{foundation} 1 {protocol} {priority} {ip} {port} typ {type}"
            ).format(**candidate)
        yield "a=end-of-candidates"
        for fingerprint in dtls["fingerprints"]:
            yield f"a=fingerprint:{fingerprint['algorithm']} {fingerprint['value']}"
        yield f"a=setup:{setup}"
        yield "a=rtcp-mux"


def session_lines(mids):
    return [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=msid-semantic:WMS *",
    ]


def codec_lines(codec):
    """The lines of one codec as the server writes codecs in RTP parameters."""
    name, payload_type = codec["mimeType"].split("/")[1], codec["payloadType"]
    channels = codec.get("channels", 1)
    suffix = f"/{channels}" if channels > 1 else ""
    yield f"a=rtpmap:{payload_type} {name}/{codec['clockRate']}{suffix}"
    if codec.get("parameters"):
        pairs = ";".join(f"{key}={value}" for key, value in codec["parameters"].items())
        yield f"a=fmtp:{payload_type} {pairs}"
    for feedback in codec.get("rtcpFeedback", []):
        parameter = feedback.get("parameter") or ""
        yield f"a=rtcp-fb:{payload_type} {feedback['type']} {parameter}".rstrip()


def consumer_section(consumer, transport):
    """What the server sends, as a media section of an offer by the server."""
    parameters = consumer["rtpParameters"]
    payload_types = " ".join(str(codec["payloadType"]) for codec in parameters["codecs"])
    yield f"m={consumer['kind']} 7 UDP/TLS/RTP/SAVPF {payload_types}"
    yield "c=IN IP4 127.0.0.1"
    yield "a=sendonly"
    yield f"a=mid:{parameters['mid']}"
    yield f"a=msid:{consumer['participantId']} {consumer['consumerId']}"
    for codec in parameters["codecs"]:
        yield from codec_lines(codec)
    for extension in parameters["headerExtensions"]:
        yield f"a=extmap:{extension['id']} {extension['uri']}"
    encoding, cname = parameters["encodings"][0], parameters["rtcp"]["cname"]
    ssrcs = [encoding["ssrc"]]
    if "rtx" in encoding:
        ssrcs.append(encoding["rtx"]["ssrc"])
        yield f"a=ssrc-group:FID {ssrcs[0]} {ssrcs[1]}"
    for ssrc in ssrcs:
        yield f"a=ssrc:{ssrc} cname:{cname}"
    yield from transport.lines("actpass")


def answer_section(offered, parameters, transport, setup):
    """The server's consent to a section of our offer, with the same numbers."""
    payload_types = " ".join(str(codec["payloadType"]) for codec in parameters["codecs"])
    yield f"m={offered.kind} 7 UDP/TLS/RTP/SAVPF {payload_types}"
    yield "c=IN IP4 127.0.0.1"
    yield "a=recvonly"
    yield f"a=mid:{offered.rtp.muxId}"
    for codec in parameters["codecs"]:
        yield from codec_lines(codec)
    for extension in parameters["headerExtensions"]:
        yield f"a=extmap:{extension['id']} {extension['uri']}"
    yield from transport.lines(setup)


def producer_parameters(section):
    """A section of our own offer as the RTP parameters that `create-producer` wants."""
    wanted = "audio/opus" if section.kind == "audio" else "video/VP8"
    codecs = [codec for codec in section.rtp.codecs if codec.mimeType == wanted]
    chosen = codecs[0].payloadType
    for codec in section.rtp.codecs:
        if codec.mimeType == "video/rtx" and codec.parameters.get("apt") == chosen:
            codecs.append(codec)
    encoding = {"ssrc": section.ssrc[0].ssrc}
    for group in section.ssrc_group:
        if group.semantic == "FID":
            encoding = {"ssrc": group.items[0], "rtx": {"ssrc": group.items[1]}}
    return {
        "mid": section.rtp.muxId,
        "codecs": [codec_json(codec) for codec in codecs],
        "headerExtensions": [
            {"uri": extension.uri, "id": extension.id, "encrypt": False, "parameters": {}}
            for extension in section.rtp.headerExtensions
        ],
        "encodings": [encoding],
        "rtcp": {"cname": section.ssrc[0].cname, "reducedSize": True},
    }


def codec_json(codec):
    found = {
        "mimeType": codec.mimeType,
        "payloadType": codec.payloadType,
        "clockRate": codec.clockRate,
        "parameters": codec.parameters,
        "rtcpFeedback": [
            {"type": feedback.type, "parameter": feedback.parameter or ""}
            for feedback in codec.rtcpFeedback
        ],
    }
    if codec.channels:
        found["channels"] = codec.channels
    return found


def receive_capabilities(router):
    """The part of the router's capabilities that aiortc has, in the router's own numbers."""
    codecs = [codec for codec in router["codecs"] if codec["mimeType"].lower() in CODECS]
    payload_types = {codec["preferredPayloadType"] for codec in codecs}
    codecs += [
        codec
        for codec in router["codecs"]
        if codec["mimeType"].lower() == "video/rtx"
        and codec["parameters"]["apt"] in payload_types
    ]
    return {
        "codecs": [
            {
                **codec,
                "rtcpFeedback": [
                    feedback
                    for feedback in codec.get("rtcpFeedback", [])
                    if (feedback["type"], feedback.get("parameter") or "") in FEEDBACK
                ],
            }
            for codec in codecs
        ],
        "headerExtensions": [
            extension for extension in router["headerExtensions"] if extension["uri"] in EXTENSIONS
        ],
    }


class Participant:
    def __init__(self, room, dtls_role):
        self.room = room
        self.dtls_role = dtls_role
        self.events = socketio.AsyncClient(reconnection=False)
        self.consumers = []
        self.consumer_came = asyncio.Event()
        self.seen = {"joined": False, "audio": None, "video": None, "errors": []}
        self.events.on("new-consumer", self.handle_consumer)
        self.events.on("error", self.handle_error)

    async def handle_consumer(self, consumer):
        self.consumers.append(consumer)
        self.consumer_came.set()

    async def handle_error(self, error):
        self.seen["errors"].append(error)

    async def ask(self, event, payload, reply_event):
        """Emits a request and waits for the reply event of its own."""
        replied = asyncio.get_running_loop().create_future()

        async def handle(reply):
            if not replied.done():
                replied.set_result(reply)

        self.events.on(reply_event, handle)
        await self.events.emit(event, payload)
        return await asyncio.wait_for(replied, REPLY_SECONDS)

    async def create_transport(self, direction):
        created = await self.ask(
            "create-webrtc-transport",
            {"roomId": self.room, "direction": direction},
            "webrtc-transport-created",
        )
        return Transport(created)

    async def connect_transport(self, direction, connection, role):
        local = SessionDescription.parse(connection.localDescription.sdp)
        fingerprints = [
            {"algorithm": fingerprint.algorithm, "value": fingerprint.value}
            for fingerprint in local.media[0].dtls.fingerprints
        ]
        await self.ask(
            "connect-webrtc-transport",
            {"direction": direction, "dtlsParameters": {"role": role, "fingerprints": fingerprints}},
            "webrtc-transport-connected",
        )

    async def join(self):
        joined = await self.ask("join-room", {"roomId": self.room}, "router-rtp-capabilities")
        self.send_transport = await self.create_transport("send")
        self.receive_transport = await self.create_transport("recv")
        await self.ask(
            "set-rtp-capabilities",
            {"rtpCapabilities": receive_capabilities(joined["rtpCapabilities"])},
            "rtp-capabilities-set",
        )
        self.seen["joined"] = True

    async def send(self):
        connection = self.sending = RTCPeerConnection()
        connection.addTrack(Tone())
        connection.addTrack(Picture())
        for transceiver in connection.getTransceivers():
            transceiver.direction = "sendonly"
        await connection.setLocalDescription(await connection.createOffer())
        offer = SessionDescription.parse(connection.localDescription.sdp)
        await self.connect_transport("send", connection, self.dtls_role)
        sections = []
        for section in offer.media:
            parameters = producer_parameters(section)
            await self.ask(
                "create-producer",
                {"kind": section.kind, "rtpParameters": parameters, "appData": {}},
                "producer-created",
            )
            setup = "passive" if self.dtls_role == "client" else "active"
            sections += answer_section(section, parameters, self.send_transport, setup)
        lines = session_lines([section.rtp.muxId for section in offer.media]) + sections
        await connection.setRemoteDescription(
            RTCSessionDescription("\r\n".join(lines) + "\r\n", "answer")
        )

    async def receive(self):
        """Waits for one sound and one picture, then takes both in one offer of the server's."""
        while {consumer["kind"] for consumer in self.consumers} != {"audio", "video"}:
            self.consumer_came.clear()
            await self.consumer_came.wait()
        connection = self.receiving = RTCPeerConnection()
        connection.on("track", lambda track: asyncio.ensure_future(self.watch(track)))
        taken = [
            next(consumer for consumer in self.consumers if consumer["kind"] == kind)
            for kind in ("audio", "video")
        ]
        lines = session_lines([consumer["rtpParameters"]["mid"] for consumer in taken])
        for consumer in taken:
            lines += consumer_section(consumer, self.receive_transport)
        await connection.setRemoteDescription(
            RTCSessionDescription("\r\n".join(lines) + "\r\n", "offer")
        )
        await connection.setLocalDescription(await connection.createAnswer())
        await self.connect_transport("recv", connection, "client")
        for consumer in taken:
            await self.ask(
                "resume-consumer", {"consumerId": consumer["consumerId"]}, "consumer-resumed"
            )

    async def watch(self, track):
        seen = {"frames": 0}
        self.seen[track.kind] = seen
        try:
            while True:
                frame = await track.recv()
                seen["frames"] += 1
                if track.kind == "video":
                    seen["width"], seen["height"] = frame.width, frame.height
                else:
                    loudest = int(numpy.abs(frame.to_ndarray().astype(int)).max())
                    seen["loudest"] = max(seen.get("loudest", 0), loudest)
        except MediaStreamError:
            seen["ended"] = True

    async def tell(self):
        while True:
            print(json.dumps(self.seen), flush=True)
            await asyncio.sleep(TELL_SECONDS)

    async def close(self):
        for connection in (getattr(self, "sending", None), getattr(self, "receiving", None)):
            if connection is not None:
                await connection.close()
        await self.events.disconnect()


async def until_input_ends():
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass


async def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("url")
    arguments.add_argument("token")
    arguments.add_argument("room")
    arguments.add_argument("--dtls-role", choices=("client", "server"), default="client")
    given = arguments.parse_args()

    participant = Participant(given.room, given.dtls_role)
    await participant.events.connect(
        given.url, auth={"token": given.token}, transports=["websocket"]
    )
    telling = asyncio.ensure_future(participant.tell())
    ending = asyncio.ensure_future(until_input_ends())

    async def take_part():
        await participant.join()
        await participant.send()
        await participant.receive()
        await ending

    working = asyncio.ensure_future(take_part())
    done, _ = await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
    telling.cancel()
    working.cancel()
    await participant.close()
    for task in done:
        task.result()


asyncio.run(main())
