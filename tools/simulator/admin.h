// The simulator's admin API: JSON in, an admin call, JSON out. Pure; the shell brings the HTTP.
//
//   GET  /admin/state              connections, phones, counts, violations, unacknowledged stanzas
//   POST /admin/reset
//
// The phone:
//   POST /admin/scan               the QR text as body, or {"qr", "number", "platform", "business"}
//   POST /admin/enter-code         {"number", "code"}; up to three times for one code
//   POST /admin/passkey-assertion  {"options": object or text}: {"assertion", "credentialId"}, by the phone's passkey
//   POST /admin/unlink             {"number", "device"}: removed on the phone
//   POST /admin/prekeys            {"number", "left"}: uses prekeys up, tells the companions
//
// Messages, by phones and companions that the simulator runs ("device" of one, else the phone itself); all that is
// written is really encrypted:
//   POST /admin/phone              {"number", "pushName", "reads": bool}: a phone, and whether it sends read receipts
//   POST /admin/companion          {"number"}: links a companion that the simulator runs; {"device"}
//   POST /admin/send               {"from", "to" or "group", "text", "count", "id"}: {"ids"}. Without "from" a contact
//                                  writes. Also "message" (hex of a Message), "type", "edit", "addressing": "lid" or
//                                  "pn", "defect": unknown-session, damaged, no-distribution, bad-padding, no-message
//   POST /admin/receipt            {"from", "to" or "group", "ids", "type", "author"}
//   POST /admin/chatstate          {"from", "to" or "group", "state"}; /admin/presence {"from", "available"}
//   POST /admin/messages           {"number", "device", "after"}: {"read", "receipts", "heard"}; the state has the last
//   POST /admin/group              {"subject", "creator", "members", "addressing"}: {"id"}
//   POST /admin/group/add          {"group", "members", "by"}; /admin/group/remove the same
//   POST /admin/history            {"number", "device", "chats", "groups", "messages", "chunks", "textBytes", "inline",
//                                  "full", "defect", "damagedChunk", "bombBytes"}: the phone tells its companions of
//                                  the past; "onLogin": true does it for each that comes. history_plan.h
//   POST /admin/app-state-key-share {"number", "device"}: keys of app state; "onLogin" as above
//   POST /admin/app-state-key      {"number", "withheld"}: the phone makes a new one
//   POST /admin/app-state          {"number", "collection", "index", "value": hex, "remove", "version"}, or
//   "mutations": a list POST /admin/app-state-options  {"number", "snapshots", "external", "patchesAtOnce",
//   "conflicts", "defect"} POST /admin/app-state-records  {"number"}: what stands in each collection POST
//   /admin/media-host         {"host"}: what media_conn names; the shell says it itself POST /admin/forget-sessions
//   {"number"}: the phone cannot read what comes next, and asks again POST /admin/refuse             {"number", "code",
//   "next"}: the ack of the next messages has this error POST /admin/delivery           {"number", "mode", "next"}:
//   what happens to messages for that number's companions:
//                                  duplicate, reorder, drop (comes at the next login), lose, hold, normal; "release".
//                                  "pull": true: offline stanzas beyond the first come only with offline_batch
//
// The server:
//   POST /admin/rotate             companion_reg_refresh                                           {target}
//   POST /admin/refresh-code       {"manual": bool}                                                {target}
//   POST /admin/drop               {"clean": bool}: a TCP reset, or close code 1000                {target}
//   POST /admin/stream-error       {"code", "conflict"}: 515, 401 + "device_removed", "replaced"   {target}
//   POST /admin/garbage            a frame that does not decrypt                                   {target}
//   POST /admin/ping               the server's own ping                                           {target}
//   POST /admin/notify             {"sample"}: psa, passkey, downgrade, expiration, success,
//                                  stream-end                                                      {target}
//   POST /admin/renew-leaf         a new static key; /admin/old-leaf: back to the one before
//   POST /admin/renew-root         another root above the same keys, which no client was given
//
// A server that means harm (hostile.h):
//   POST /admin/pair-success       signed for another account, asked for by nobody                 {target}
//   POST /admin/oversize           {"bytes", "sent", "piece", "intervalMs"}: a frame of up to
//                                  16 MiB - 1; fewer bytes sent than announced freeze it           {target}
//   POST /admin/bomb               {"bytes"}: compressed, 17 MiB unless said otherwise             {target}
//   POST /admin/nest               {"depth"}: 1000 unless said otherwise                           {target}
//   POST /admin/flood              {"count", "bytes"}: notifications, 1000 unless said otherwise   {target}
//
// Faults:
//   POST /admin/fail               faults; "now": true sends the failure to open connections       {scope}
//   POST /admin/slow {"ms"}, /admin/split {"mode"}, /admin/chain {"defect"}                        {scope}
//
// {target}: "number" or "connection"; neither: all. {scope}: "number" (with "uses"), "next": N or "connection";
// none: everybody from now on; a plain failure without scope is for the next connection.
//
//   "upgradeStatus", "handshake", "chain", "ik", "packing", "delayMs", "dropAfterMs", "compress"
//   "failure": {"reason", ...attributes}, or "reason"/"expire"/"code"/"message"/"url" at the top level
//   "refCount", "refDefect", "refreshBeforePairing", "pairSuccess", "closeWithoutRestart"
//   "codeRefusal": {"code", "text", "backoff"}, "codeDefect"
//   "passkey": the account demands one after a scan or a code; the state shows what the phone displays. "passkeyDefect"
//   "duplicateSuccess", "unaskedSuccess", "ackDeadlineMs"
//   "freezeAfter": N messages, "freezeOn": a kind of message, "freezeAfterEffect"; the state shows "frozen"
// faults.h says what they do, fault_kinds.cpp has the names.
//
// Answers: 200 with JSON; errors {"error": {"code", "message"}} with 400, 404, 409, 500, 501, 503 or 504.
#pragma once

#include <string>

#include "base/reply.h"
#include "simulator/sim_server.h"

namespace ponte::simulator {

struct AdminRequest {
  std::string method;
  std::string path;  ///< from "/admin/" on, without query
  std::string body;
};
struct AdminResponse {
  int status = 200;
  std::string body;  ///< JSON
};

/// True for what handle_admin answers.
bool is_admin_path(std::string_view path);
/// What follows "/admin/" in such a path.
std::string_view admin_name(std::string_view path);

/// Answers once, at once or when the companion has answered the phone. Never with an Error.
void handle_admin(SimServer& server, const AdminRequest& request, const Now& now, Reply<AdminResponse> reply);

}  // namespace ponte::simulator
