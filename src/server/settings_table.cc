#include <algorithm>
#include <array>
#include <cctype>

#include "server/settings.h"

namespace sfu::server {
namespace {

constexpr auto kTable = std::to_array<SettingDescription>({
    {.name = "PORT",
     .default_value = "3003",
     .meaning = "TCP port of HTTP and Socket.IO, 0 to 65535; 0 takes any free one and prints it"},
    {.name = "LISTEN_IP",
     .default_value = "every address of the machine",
     .meaning = "address of HTTP and Socket.IO, IPv4 or IPv6; in demo mode a loopback address, "
                "127.0.0.1 if not set"},
    {.name = "JWT_SECRET",
     .default_value = "none",
     .meaning = "secret of HS256 tokens, at least 16 bytes; this or JWT_PUBLIC_KEY is required "
                "outside demo mode, and in demo mode it is a random one",
     .secret = true},
    {.name = "JWT_PUBLIC_KEY",
     .default_value = "none",
     .meaning = "public key of RS256 or ES256 tokens: the PEM text, or the path of a file with it",
     .secret = true},
    {.name = "ADMIN_TOKEN",
     .default_value = "none",
     .meaning = "opens the personal part of /stats to \"Authorization: Bearer <token>\"; at least "
                "16 bytes. Without one only callers on loopback see it",
     .secret = true},
    {.name = "CORS_ORIGIN",
     .default_value = "http://localhost:5173",
     .meaning = "origins of the pages that may call the server, split at commas; * allows all"},
    {.name = "MEDIASOUP_LISTEN_IP",
     .default_value = "0.0.0.0",
     .meaning = "addresses of media, IPv4 or IPv6, split at commas; :: takes both kinds"},
    {.name = "MEDIASOUP_ANNOUNCED_IP",
     .default_value = "none",
     .meaning =
         "address that stands in the ICE candidates instead of the one listened on. Where "
         "there is none and media listens on every address, the machine's own are announced"},
    {.name = "MEDIASOUP_MIN_PORT",
     .default_value = "40000",
     .meaning =
         "first port of media, 1 to 65535; each media thread takes one of UDP and one of TCP"},
    {.name = "MEDIASOUP_MAX_PORT",
     .default_value = "49999",
     .meaning = "last port of media, MEDIASOUP_MIN_PORT to 65535"},
    {.name = "MEDIASOUP_ENABLE_TCP",
     .default_value = "on",
     .meaning = "on lets clients whose network blocks UDP send media over TCP (ICE over TCP); off "
                "listens on UDP alone"},
    {.name = "MEDIASOUP_NUM_WORKERS",
     .default_value = "the number of cores",
     .meaning = "media threads, 1 to 256, no more than there are media ports"},
    {.name = "MEDIASOUP_PIN_WORKERS",
     .default_value = "off",
     .meaning = "on pins each media thread to one of the processors that the server may use"},
    {.name = "MEDIASOUP_SPREAD_MARGIN",
     .default_value = "10",
     .meaning = "by how many percent of a core a room's media thread must be busier than another "
                "one before newcomers of the room go there, 0 to 100"},
    {.name = "ICE_SERVERS",
     .default_value = "none",
     .meaning = "STUN and TURN servers that clients are told of: URLs split at commas, or a JSON "
                "list as in RTCConfiguration.iceServers",
     .secret = true},
    {.name = "TURN_SECRET",
     .default_value = "none",
     .meaning = "the secret that the TURN server knows too (coturn's static-auth-secret), at least "
                "16 bytes: each client gets time-limited credentials made from it for the servers "
                "of ICE_SERVERS that have none of their own",
     .secret = true},
    {.name = "TURN_TTL_SECONDS",
     .default_value = "43200",
     .meaning = "how long such credentials are good, 60 to 2592000"},
    {.name = "TRUSTED_PROXIES",
     .default_value = "none",
     .meaning = "addresses and networks of the proxies in front of this server, "
                "split at commas, like 10.0.0.5 or 192.0.2.0/24: only their "
                "X-Forwarded-For is believed, from its right end to the first "
                "address that is none of them"},
    {.name = "DISCONNECT_EXPIRED_TOKENS",
     .default_value = "off",
     .meaning = "on ends a connection in the second of its token's exp, with an "
                "error token_expired; off lets a call go on that began with a "
                "good token"},
    {.name = "MAX_CONNECTIONS",
     .default_value = "20000",
     .meaning = "clients that are connected at a time, 1 to 1000000; one more "
                "hears server_full"},
    {.name = "MAX_CONNECTIONS_PER_ADDRESS",
     .default_value = "10000",
     .meaning = "TCP connections of one address at a time (of IPv6, of one "
                "/64), 1 to 1000000; one more is closed unheard. Not for "
                "TRUSTED_PROXIES"},
    {.name = "MAX_ROOMS",
     .default_value = "10000",
     .meaning = "rooms at a time, 1 to 1000000; one more is limit_reached"},
    {.name = "MAX_PARTICIPANTS_PER_ROOM",
     .default_value = "5000",
     .meaning = "people in one room, 1 to 100000; one more is limit_reached"},
    {.name = "MAX_PEERS_PER_ROOM",
     .default_value = "250",
     .meaning = "people in one peer-to-peer room, 2 to 1000: what they say to each other grows by "
                "the square; one more is limit_reached"},
    {.name = "MAX_MESSAGE_BYTES",
     .default_value = "1000000",
     .meaning = "the largest message and HTTP body, 10000 to 100000000 bytes; a "
                "larger one ends its connection"},
    {.name = "MAX_JSON_DEPTH",
     .default_value = "32",
     .meaning = "how deep the JSON of an event may be nested, 8 to 64; deeper "
                "is too_deep"},
    {.name = "MAX_QUEUE_BYTES",
     .default_value = "4000000",
     .meaning = "what may wait for a client that does not read, 100000 to 1000000000 bytes and no "
                "less than MAX_MESSAGE_BYTES; beyond it the connection is closed"},
    {.name = "MAX_QUEUE_SECONDS",
     .default_value = "30",
     .meaning = "how long one message may wait for such a client, 1 to 600"},
    {.name = "HEADER_TIMEOUT",
     .default_value = "20",
     .meaning = "seconds for the header of an HTTP request to come, 1 to 600"},
    {.name = "BODY_TIMEOUT", .default_value = "30", .meaning = "seconds for its body, 1 to 600"},
    {.name = "CONNECT_TIMEOUT",
     .default_value = "45",
     .meaning = "seconds from a client's first contact to its handshake with a "
                "token, 1 to 600"},
    {.name = "RATE_CONNECTIONS",
     .default_value = "200/2000",
     .meaning = "handshakes of one address: so many each second, and so many at "
                "once; more are rate_limited"},
    {.name = "RATE_FAILED_LOGINS",
     .default_value = "2/300",
     .meaning = "the same for handshakes with a token that is not good; a good "
                "one is let in all the same"},
    {.name = "RATE_JOINS",
     .default_value = "10/200",
     .meaning = "the same for the joins of one user"},
    {.name = "RATE_EVENTS",
     .default_value = "200/1000",
     .meaning = "the same for all events of one connection but ICE candidates"},
    {.name = "RATE_HEAVY_EVENTS",
     .default_value = "50/500",
     .meaning = "of them, those that make something or that a whole room hears of: joining, "
                "transports, ICE restarts, capabilities, producers, screens, statistics"},
    {.name = "RATE_ICE_CANDIDATES",
     .default_value = "200/2000",
     .meaning = "the same for the ICE candidates that one connection sends to "
                "others"},
    {.name = "RATE_ADDRESS_BYTES",
     .default_value = "32000000/64000000",
     .meaning = "how many bytes of messages and request bodies are read from one address: so many "
                "each second, and so many at once; more wait on the sender's side"},
    {.name = "RATE_PEER_BYTES",
     .default_value = "4000000/40000000",
     .meaning = "how many bytes others are sent, each one's counted, because of what one user "
                "does in peer-to-peer rooms: so many each second, and so many at once"},
    {.name = "RECONNECT_GRACE_SECONDS",
     .default_value = "30",
     .meaning = "for how long a participant and its media are kept whose connection broke off, "
                "0 to 3600; 0 lets it leave at once"},
    {.name = "DRAIN_SECONDS",
     .default_value = "25",
     .meaning = "how long meetings may go on after SIGTERM, 0 to 86400 seconds; 0 ends them at "
                "once"},
    {.name = "MEDIASOUP_LOG_LEVEL",
     .default_value = "warn",
     .meaning =
         "the least that media threads report: warn has calls that do not connect and what was "
         "refused, debug also who lost its peer; error, none"},
    {.name = "LOG_LEVEL",
     .default_value = "info",
     .meaning = "the least that everything else logs: error, warn, info or debug"},
    {.name = "DEMO_DIR",
     .default_value = "the page built beside the server in demo mode, else none",
     .meaning = "folder of the meeting page that is served at /"},
    {.name = "NODE_ENV",
     .default_value = "none",
     .meaning =
         "production refuses secrets that are weak or from an example; elsewhere they give a "
         "warning"},
});

constexpr std::size_t kTextColumn = 6;
constexpr std::size_t kLineWidth = 100;

/// `text` broken at blanks, each line indented.
void append_wrapped(std::string& out, std::string_view text) {
  std::size_t column = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (column == 0 || column + 1 + end > kLineWidth) {
      if (column != 0) out += '\n';
      out.append(kTextColumn, ' ');
      column = kTextColumn;
    } else {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

}  // namespace

std::span<const SettingDescription> setting_table() { return kTable; }

std::string command_line_name(std::string_view setting) {
  std::string name = "--";
  for (const char c : setting)
    name += c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

std::string help_text() {
  std::string text =
      "meetlite-sfu: a media server for MeetLite's meetings\n"
      "\n"
      "Each setting is read from the command line, else from the environment, else from the file "
      ".env "
      "in the\nworking directory. With no setting at all the server runs in demo mode.\n"
      "\n"
      "  --demo\n";
  append_wrapped(
      text,
      "Demo mode: the server gives a token to whoever opens its page, with a secret of its "
      "own making, and HTTP listens on loopback only.");
  text += "  --help, -h\n";
  append_wrapped(text, "Prints this.");
  for (const auto& setting : kTable) {
    text += "  " + command_line_name(setting.name) + " VALUE, in the environment " +
            std::string(setting.name) + "\n";
    append_wrapped(text, setting.meaning);
    append_wrapped(text, "Default: " + std::string(setting.default_value) + ".");
  }
  text +=
      "\nThe command line of a process can be read by everybody on its machine: keep secrets in "
      "the "
      "environment\nor in .env.\n";
  return text;
}

}  // namespace sfu::server
