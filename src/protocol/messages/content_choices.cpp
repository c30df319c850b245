// What a message says: polls, buttons, lists and what was chosen of them; invitations.
#include "protocol/messages/content_reader.h"

namespace ponte::protocol::messages {
namespace {

using proto::Message;

/// A time beyond the year 9999 is none.
std::optional<Wall> time_of(std::int64_t seconds) {
  if (seconds <= 0 || seconds > 253'402'300'799) return std::nullopt;
  return Wall(Seconds(seconds));
}

}  // namespace

void ContentReader::poll(const proto::PollCreationMessage& from) {
  out_.kind = Kind::kPoll;
  out_.text = text(from.name());
  for (int i = 0, all = count(from.options_size()); i < all; ++i) {
    out_.options.push_back(choice({}, from.options(i).option_name()));
  }
  out_.selectable = from.selectable_options_count();
  context(from);
}

void ContentReader::read_buttons(const Message& message) {
  const auto& buttons = message.buttons_message();
  out_.kind = Kind::kButtons;
  out_.title = text(buttons.text());
  out_.text = text(buttons.content_text());
  out_.footer = text(buttons.footer_text());
  for (int i = 0, all = count(buttons.buttons_size()); i < all; ++i) {
    const auto& button = buttons.buttons(i);
    out_.options.push_back(choice(button.button_id(), button.button_text().display_text()));
  }
  context(buttons);
}

void ContentReader::read_buttons_response(const Message& message) {
  const auto& response = message.buttons_response_message();
  out_.kind = Kind::kButtonsResponse;
  out_.text = text(response.selected_display_text());
  out_.chosen.emplace();
  out_.chosen->id = text(response.selected_button_id());
  out_.chosen->title = out_.text;
  context(response);
}

void ContentReader::read_list(const Message& message) {
  const auto& list = message.list_message();
  out_.kind = Kind::kList;
  out_.title = text(list.title());
  out_.text = text(list.description());
  out_.footer = text(list.footer_text());
  out_.button = text(list.button_text());
  for (int i = 0, all = count(list.sections_size()); i < all; ++i) {
    const auto& from = list.sections(i);
    Section& section = out_.sections.emplace_back();
    section.title = text(from.title());
    for (int row = 0, rows = count(from.rows_size()); row < rows; ++row) {
      section.rows.push_back(choice(from.rows(row).row_id(), from.rows(row).title(), from.rows(row).description()));
    }
  }
  context(list);
}

void ContentReader::read_list_response(const Message& message) {
  const auto& response = message.list_response_message();
  out_.kind = Kind::kListResponse;
  out_.text = text(response.title());
  out_.chosen.emplace();
  out_.chosen->id = text(response.single_select_reply().selected_row_id());
  out_.chosen->title = out_.text;
  out_.chosen->description = text(response.description());
  context(response);
}

void ContentReader::read_template(const Message& message) {
  const auto& from = message.template_message();
  out_.kind = Kind::kTemplate;
  if (from.has_interactive_message_template()) interactive(from.interactive_message_template());
  const auto& hydrated = from.has_hydrated_template() ? from.hydrated_template() : from.hydrated_four_row_template();
  if (out_.title.empty()) out_.title = text(hydrated.hydrated_title_text());
  if (out_.text.empty()) out_.text = text(hydrated.hydrated_content_text());
  if (out_.footer.empty()) out_.footer = text(hydrated.hydrated_footer_text());
  context(from);
}

void ContentReader::read_template_reply(const Message& message) {
  const auto& reply = message.template_button_reply_message();
  out_.kind = Kind::kTemplateReply;
  out_.text = text(reply.selected_display_text());
  out_.chosen.emplace();
  out_.chosen->id = text(reply.selected_id());
  out_.chosen->title = out_.text;
  if (reply.has_selected_carousel_card_index()) out_.chosen->card = reply.selected_carousel_card_index();
  context(reply);
}

void ContentReader::read_interactive(const Message& message) {
  out_.kind = Kind::kInteractive;
  interactive(message.interactive_message());
}

void ContentReader::interactive(const proto::InteractiveMessage& from) {
  out_.title = text(from.header().title());
  out_.text = text(from.body().text());
  out_.footer = text(from.footer().text());
  context(from);
}

void ContentReader::read_interactive_response(const Message& message) {
  const auto& response = message.interactive_response_message();
  out_.kind = Kind::kInteractiveResponse;
  out_.text = text(response.body().text());
  out_.chosen.emplace();
  out_.chosen->title = out_.text;
  out_.chosen->flow_name = text(response.native_flow_response_message().name());
  out_.chosen->flow_params = text(response.native_flow_response_message().params_json());
  context(response);
}

void ContentReader::read_group_invite(const Message& message) {
  const auto& invite = message.group_invite_message();
  out_.kind = Kind::kGroupInvite;
  out_.text = text(invite.caption());
  out_.invite = GroupInvite{text(invite.group_jid()), text(invite.invite_code()), text(invite.group_name()),
                            time_of(invite.invite_expiration())};
  context(invite);
}

void ContentReader::read_event(const Message& message) {
  const auto& from = message.event_message();
  out_.kind = Kind::kEvent;
  Event& event = out_.event.emplace();
  event.name = text(from.name());
  event.description = text(from.description());
  event.join_link = text(from.join_link());
  if (from.has_location()) event.place = place(from.location());
  event.starts_at = time_of(from.start_time());
  event.ends_at = time_of(from.end_time());
  event.canceled = from.is_canceled();
  out_.text = event.name;
  context(from);
}

}  // namespace ponte::protocol::messages
