#include "graph/notes.h"

#include <utility>

namespace mica {

Notes::Total& Notes::total(std::string_view by) {
  const auto it = totals_.find(by);
  return it != totals_.end() ? it->second : totals_.emplace(std::string(by), Total{}).first->second;
}

void Notes::applied(std::string_view by, std::string where, std::string what, size_t count) {
  total(by).applied += count;
  if (count == 0 || (where.empty() && what.empty())) return;
  notes_.push_back({Kind::Applied, std::string(by), std::move(where), std::move(what)});
}

void Notes::refused(std::string_view by, std::string where, std::string why) {
  if (!refusals_.insert(std::string(by) + '\n' + where + '\n' + why).second) return;
  notes_.push_back({Kind::Refused, std::string(by), std::move(where), std::move(why)});
}

void Notes::failed(std::string_view by, std::string why) {
  notes_.push_back({Kind::Failed, std::string(by), {}, std::move(why)});
}

void Notes::spent(std::string_view by, double seconds) {
  total(by).seconds += seconds;
}

void Notes::restart() {
  std::erase_if(notes_, [](const Note& note) { return note.kind != Kind::Failed; });
  refusals_.clear();
  totals_.clear();
}

size_t Notes::applied_by(std::string_view by) const {
  const auto it = totals_.find(by);
  return it == totals_.end() ? 0 : it->second.applied;
}

std::string Notes::explain(std::string_view by) const {
  std::string text;
  for (const Note& note : notes_) {
    if (note.by != by) continue;
    const std::string_view verb = note.kind == Kind::Applied   ? "applied"
                                  : note.kind == Kind::Refused ? "refused"
                                                               : "failed";
    text += verb;
    if (!note.where.empty()) text += " at " + note.where;
    if (!note.what.empty()) text += ": " + note.what;
    text += '\n';
  }
  return text;
}

}  // namespace mica
