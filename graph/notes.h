// What the optimiser did, what it refused to do, and why.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mica {

/// Collects remarks of passes and rules, and how often and how long each of them worked.
class Notes {
 public:
  enum class Kind : uint8_t { Applied, Refused, Failed };
  struct Note {
    Kind kind;
    std::string by;     ///< name of the pass or rule
    std::string where;  ///< node or value; empty: the model
    std::string what;   ///< what came of it, or the reason
  };
  struct Total {
    size_t applied = 0;
    double seconds = 0;
  };

  /// Something was done, `count` times; only a `where` or a `what` makes it a remark of its own.
  void applied(std::string_view by, std::string where, std::string what = {}, size_t count = 1);
  /// The pattern was there, but the rewrite would not be right or possible. Said again, it is kept once.
  void refused(std::string_view by, std::string where, std::string why);
  /// A pass or rule broke, and was left out.
  void failed(std::string_view by, std::string why);
  void spent(std::string_view by, double seconds);
  /// Forgets what was applied and refused, not what failed: the work starts again.
  void restart();

  std::span<const Note> all() const { return notes_; }
  const std::map<std::string, Total, std::less<>>& totals() const { return totals_; }
  size_t applied_by(std::string_view by) const;
  /// All remarks of one pass or rule, a line each.
  std::string explain(std::string_view by) const;

 private:
  Total& total(std::string_view by);

  std::vector<Note> notes_;
  std::set<std::string> refusals_;
  std::map<std::string, Total, std::less<>> totals_;
};

}  // namespace mica
