#include "kernels/string/regex.h"

#include <optional>

#include "kernels/string/regex_syntax.h"
#include "kernels/string/utf8.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

using Kind = RegexStep::Kind;
using Place = RegexStep::Place;

// Lays the steps of a tree behind those there are; the last of them leads to the step behind.
class Compiler {
 public:
  RegexProgram compile(const RegexTree& tree) {
    add(tree);
    push({});
    return std::move(program_);
  }

 private:
  static constexpr size_t kMaxParts = 1 << 17;  ///< repeated ones counted each time

  uint32_t here() const { return static_cast<uint32_t>(program_.steps.size()); }

  static RegexStep step(Kind kind) {
    RegexStep step;
    step.kind = kind;
    return step;
  }

  uint32_t push(RegexStep step) {
    if (step.next == RegexStep::kBehind) step.next = here() + 1;
    program_.steps.push_back(step);
    return here() - 1;
  }

  void add(const RegexTree& tree) {
    if (++parts_ > kMaxParts) throw Error(ErrorCode::Unsupported, "regular expression is too large");
    switch (tree.kind) {
      case RegexTree::Kind::Empty:
        return;
      case RegexTree::Kind::Set:
        push(step(Kind::Consume));
        program_.steps.back().set = static_cast<uint32_t>(program_.sets.size());
        program_.sets.push_back(tree.set);
        return;
      case RegexTree::Kind::Assert:
        push(step(Kind::Assert));
        program_.steps.back().place = tree.place;
        return;
      case RegexTree::Kind::Sequence:
        for (const RegexTree& part : tree.parts) add(part);
        return;
      case RegexTree::Kind::Choice:
        return add_choice(tree.parts);
      case RegexTree::Kind::Repeat:
        return add_repeat(tree);
    }
  }

  void add_choice(const std::vector<RegexTree>& parts) {
    std::vector<uint32_t> ends;
    for (size_t i = 0; i < parts.size(); ++i) {
      const bool last = i + 1 == parts.size();
      const uint32_t fork = last ? 0 : push(step(Kind::Fork));
      add(parts[i]);
      if (last) continue;
      ends.push_back(push(step(Kind::Jump)));
      program_.steps[fork].other = here();
    }
    for (const uint32_t end : ends) program_.steps[end].next = here();
  }

  void add_repeat(const RegexTree& tree) {
    const RegexTree& part = tree.parts.front();
    for (int i = 0; i < tree.least; ++i) add(part);
    if (tree.most == RegexTree::kUnlimited) {
      const uint32_t fork = push(step(Kind::Fork));
      add(part);
      push(step(Kind::Jump));
      program_.steps.back().next = fork;
      program_.steps[fork].other = here();
      return;
    }
    std::vector<uint32_t> forks;
    for (int i = tree.least; i < tree.most; ++i) {
      forks.push_back(push(step(Kind::Fork)));
      add(part);
    }
    for (const uint32_t fork : forks) program_.steps[fork].other = here();
  }

  RegexProgram program_;
  size_t parts_ = 0;
};

using Neighbour = std::optional<char32_t>;

bool is_word(Neighbour code) {
  static const CodeSet kWord{perl_class('w')};
  return code && kWord.contains(*code);
}

bool holds(Place place, Neighbour before, Neighbour after) {
  switch (place) {
    case Place::TextBegin:
      return !before;
    case Place::TextEnd:
      return !after;
    case Place::LineBegin:
      return !before || *before == '\n';
    case Place::LineEnd:
      return !after || *after == '\n';
    case Place::WordBoundary:
      return is_word(before) != is_word(after);
    case Place::NoWordBoundary:
      break;
  }
  return is_word(before) == is_word(after);
}

// All steps that the program may be at, followed through the text at once.
class Simulation {
 public:
  explicit Simulation(const RegexProgram& program) : program_(program), seen_(program.steps.size(), 0) {}

  bool run(std::string_view text) {
    std::vector<uint32_t> entries{0};
    Neighbour before;
    for (;;) {
      Neighbour after;
      if (!text.empty()) after = take_code_point(text);
      follow(entries, before, after);
      if (!after) return accepted_;
      entries.clear();
      for (const uint32_t at : consuming_) {
        const RegexStep& step = program_.steps[at];
        if (program_.sets[step.set].contains(*after)) entries.push_back(step.next);
      }
      if (entries.empty()) return false;
      before = after;
    }
  }

 private:
  // Fills `consuming_` with the steps that want a code point, reached from `entries` without one.
  void follow(std::vector<uint32_t>& entries, Neighbour before, Neighbour after) {
    ++round_;
    consuming_.clear();
    accepted_ = false;
    while (!entries.empty()) {
      const uint32_t at = entries.back();
      entries.pop_back();
      if (seen_[at] == round_) continue;
      seen_[at] = round_;
      const RegexStep& step = program_.steps[at];
      if (step.kind == Kind::Consume) {
        consuming_.push_back(at);
      } else if (step.kind == Kind::Accept) {
        accepted_ = true;
      } else if (step.kind != Kind::Assert || holds(step.place, before, after)) {
        entries.push_back(step.next);
        if (step.kind == Kind::Fork) entries.push_back(step.other);
      }
    }
  }

  const RegexProgram& program_;
  std::vector<uint64_t> seen_;
  std::vector<uint32_t> consuming_;
  uint64_t round_ = 0;
  bool accepted_ = false;
};

}  // namespace

RegexProgram compile_regex(std::string_view pattern) {
  return Compiler().compile(parse_regex(pattern));
}

Regex::Regex(std::string_view pattern) : program_(compile_regex(pattern)) {}

bool Regex::matches(std::string_view text) const {
  return Simulation(program_).run(text);
}

}  // namespace mica
