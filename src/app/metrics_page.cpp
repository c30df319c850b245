#include "app/metrics_page.h"

#include "api/http_metrics.h"
#include "app/exposition.h"
#include "app/process_figures.h"
#include "instance/instance_metrics.h"
#include "instance/instance_service.h"
#include "instance/webhooks.h"
#include "instance/worker_pool.h"
#include "store/store.h"

namespace ponte::app {
namespace {

double number(std::uint64_t value) {
  return static_cast<double>(value);
}

void show_build(Exposition& out) {
  out.gauge("ponte_build_info", "1, with the version that runs", 1, {{"version", PONTE_VERSION}});
}

void show_instances(Exposition& out, const instance::InstanceService& instances) {
  const instance::Census census = instances.census();
  for (std::size_t i = 0; i < instance::kStates.size(); ++i) {
    out.gauge("ponte_sessions", "Instances by state of their session", number(census.by_state[i]),
              {{"state", instance::state_name(instance::kStates[i])}});
  }
  if (!census.longest_silence) return;
  out.gauge("ponte_session_last_stanza_age_seconds",
            "Of all connected instances the longest time since anything came from the server",
            std::chrono::duration<double>(*census.longest_silence).count());
}

void show_linking(Exposition& out, const instance::InstanceMetrics& metrics) {
  constexpr std::string_view kConnect = "ponte_connect_seconds";
  constexpr std::string_view kConnectHelp = "From the call of connect to its code, of calls that got one";
  out.histogram(kConnect, kConnectHelp, metrics.connect_to_qr.snapshot(), {{"method", "qr"}});
  out.histogram(kConnect, kConnectHelp, metrics.connect_to_pairing_code.snapshot(), {{"method", "pairing_code"}});
  out.counter("ponte_qr_issued_total", "QR codes put on display, rotations included", number(metrics.qr_codes.value()));
  out.counter("ponte_pairing_codes_issued_total", "Pairing codes handed out", number(metrics.pairing_codes.value()));
  constexpr std::string_view kMethods[instance::kLinkMethods] = {"qr", "pairing_code", "passkey"};
  for (std::size_t i = 0; i < instance::kLinkMethods; ++i) {
    constexpr std::string_view kPair = "ponte_pair_total";
    constexpr std::string_view kPairHelp = "Attempts to link that ended: success, or the cause";
    out.counter(kPair, kPairHelp, number(metrics.linked[i].value()), {{"method", kMethods[i]}, {"result", "success"}});
    out.causes(kPair, kPairHelp, metrics.not_linked[i], "result", {{"method", kMethods[i]}});
  }
}

void show_connections(Exposition& out, const instance::InstanceMetrics& metrics) {
  out.counter("ponte_logins_total", "Logins that succeeded", number(metrics.logins.value()));
  out.causes("ponte_reconnect_total", "Connections of linked instances that ended or failed and are tried again",
             metrics.reconnects, "reason");
  out.causes("ponte_dial_failures_total", "Connections to WhatsApp that did not come about", metrics.dial_failures,
             "cause");
  out.causes("ponte_held_down_total", "Linked instances that were stopped until connect is called, or a ban ends",
             metrics.held_down, "cause");
  constexpr std::string_view kLoggedOut = "ponte_logged_out_total";
  constexpr std::string_view kLoggedOutHelp = "Links that are gone: REQUESTED by a call of ours, else why";
  out.counter(kLoggedOut, kLoggedOutHelp, number(metrics.logged_out_by_request.value()), {{"cause", "REQUESTED"}});
  out.causes(kLoggedOut, kLoggedOutHelp, metrics.logged_out_by_server, "cause");
  constexpr std::string_view kStages[] = {"updated", "blocked", "begun_anew", "failed"};
  for (std::size_t i = 0; i < metrics.app_state.size(); ++i) {
    out.counter("ponte_app_state_total", "Collections of contacts, chats and labels, by what became of them",
                number(metrics.app_state[i].value()), {{"outcome", kStages[i]}});
  }
  out.counter("ponte_app_state_changes_total", "Changes of contacts, chats, labels and settings",
              number(metrics.app_state_changes.value()));
  out.counter("ponte_app_state_skipped_total", "Records of contacts, chats and labels that could not be read",
              number(metrics.app_state_skipped.value()));
}

void show_webhooks(Exposition& out, const instance::Webhooks& webhooks) {
  const instance::WebhookMetrics& metrics = webhooks.metrics();
  for (std::size_t i = 0; i < instance::kVerdicts.size(); ++i) {
    out.counter("ponte_webhook_deliveries_total", "Tries to deliver an event, by what became of it",
                number(metrics.outcomes[i].value()), {{"outcome", instance::verdict_name(instance::kVerdicts[i])}});
  }
  out.histogram("ponte_webhook_delivery_seconds", "From the request to the receiver's answer, or its failure",
                metrics.delivery.snapshot());
  out.counter("ponte_webhook_events_missed_total", "Events that left the journal before a webhook had taken them",
              number(metrics.missed.value()));
  const instance::WebhookBacklog backlog = webhooks.backlog();
  out.gauge("ponte_webhook_queue_depth", "Events that wait for their delivery, of all webhooks",
            number(backlog.pending));
  out.gauge("ponte_webhook_dead_letters", "Events that could not be delivered and are kept",
            number(backlog.dead_letters));
}

void show_requests(Exposition& out, const api::HttpMetrics& metrics) {
  constexpr std::string_view kClasses[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
  for (const auto& route : metrics.routes()) {
    for (std::size_t i = 0; i < std::size(kClasses); ++i) {
      if (route->by_class[i].value() == 0) continue;
      out.counter("ponte_http_requests_total", "Requests answered, by route pattern and class of status",
                  number(route->by_class[i].value()),
                  {{"route", route->route}, {"method", route->method}, {"status", kClasses[i]}});
    }
  }
  for (const auto& route : metrics.routes()) {
    const Histogram::Snapshot durations = route->duration.snapshot();
    if (durations.cumulative.back() == 0) continue;
    out.histogram("ponte_http_request_duration_seconds", "From the whole request to its answer", durations,
                  {{"route", route->route}, {"method", route->method}});
  }
  constexpr std::string_view kLimited = "ponte_http_rate_limited_total";
  constexpr std::string_view kLimitedHelp =
      "Requests over the limit of their token, or without a valid one of their address";
  out.counter(kLimited, kLimitedHelp, number(metrics.rate_limited_tokens.value()), {{"by", "token"}});
  out.counter(kLimited, kLimitedHelp, number(metrics.rate_limited_addresses.value()), {{"by", "address"}});
  out.counter("ponte_http_invalid_tokens_total", "Requests whose token was missing or unknown",
              number(metrics.invalid_tokens.value()));
}

void show_parts(Exposition& out, const MetricsSources& sources, const MetricsMoment& moment) {
  out.gauge("ponte_http_connections", "Open connections of clients", number(moment.connections));
  out.gauge("ponte_http_waiting_requests", "Requests whose answer is due or being written",
            number(moment.waiting_requests));
  out.gauge("ponte_event_subscribers", "Clients that are pushed events right now", number(moment.event_subscribers));
  out.gauge("ponte_store_up", "1 while the store takes writes", sources.store.health().ok() ? 1 : 0);
  out.counter("ponte_store_write_failures_total", "Writes to the store that failed",
              number(sources.store.write_failures()));
  out.counter("ponte_audit_records_lost_total", "Changes that could not be written down",
              number(moment.audit_records_lost));
  out.gauge("ponte_worker_queue_depth", "Tasks that wait for a worker thread", number(sources.workers.queued()));
}

/// The names that every client library of Prometheus gives them.
void show_process(Exposition& out, Wall started) {
  const ProcessFigures process = process_figures();
  out.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", process.cpu_seconds);
  out.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", number(process.resident_bytes));
  out.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", number(process.virtual_bytes));
  out.gauge("process_threads", "Number of OS threads in the process.", number(process.threads));
  out.gauge("process_open_fds", "Number of open file descriptors.", number(process.open_descriptors));
  out.gauge("process_max_fds", "Maximum number of open file descriptors.", number(process.most_descriptors));
  out.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
            static_cast<double>(unix_milliseconds(started)) / 1000);
}

}  // namespace

std::string metrics_page(const MetricsSources& sources, const MetricsMoment& moment) {
  Exposition out;
  show_build(out);
  show_instances(out, sources.instances);
  show_linking(out, sources.instance_metrics);
  show_connections(out, sources.instance_metrics);
  show_webhooks(out, sources.webhooks);
  show_requests(out, sources.http);
  show_parts(out, sources, moment);
  show_process(out, moment.started);
  return out.text();
}

}  // namespace ponte::app
