#include "tools/options.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "runtime/base/text.h"

namespace mica::tools {
namespace {

std::optional<int64_t> parse_size(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

CompileOptions compile_options(const CommonOptions& options) {
  const auto precision = precision_named(options.precision);
  if (!precision) {
    throw Error(ErrorCode::InvalidArgument, unknown_name("precision", options.precision, precision_names()));
  }
  return {options.device, options.threads, *precision, options.packed_cache, options.provider};
}

Session with_notes(Session session, const CommonOptions& options) {
  for (const std::string& text : session.notes()) note(options, text);
  return session;
}

[[noreturn]] void refuse(std::string_view flag, std::string_view form, std::string_view text) {
  throw Error(ErrorCode::InvalidArgument, fmt::format("{} wants {}, not \"{}\"", flag, form, text));
}

}  // namespace

std::map<std::string, int64_t, std::less<>> parse_dims(const std::vector<std::string>& texts) {
  std::map<std::string, int64_t, std::less<>> dims;
  for (const std::string& text : texts) {
    const size_t sign = text.rfind('=');
    const auto value = sign == std::string::npos ? std::nullopt : parse_size(std::string_view(text).substr(sign + 1));
    if (!value || sign == 0) refuse("--dim", "NAME=NUMBER", text);
    if (!dims.emplace(text.substr(0, sign), *value).second) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("--dim gives \"{}\" twice", text.substr(0, sign)));
    }
  }
  return dims;
}

std::optional<Shape> parse_shape(std::string_view text) {
  Shape shape;
  while (!text.empty()) {
    const size_t end = text.find('x');
    const auto dim = parse_size(text.substr(0, end));
    if (!dim || shape.rank() == Shape::kMaxRank) return std::nullopt;
    shape.push_back(*dim);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
    if (text.empty()) return std::nullopt;
  }
  return checked_elements(shape.dims()) ? std::optional(shape) : std::nullopt;
}

std::map<std::string, Shape, std::less<>> parse_shapes(const std::vector<std::string>& texts) {
  std::map<std::string, Shape, std::less<>> shapes;
  for (const std::string& text : texts) {
    const size_t colon = text.rfind(':');
    const auto shape =
        colon == std::string::npos ? std::nullopt : parse_shape(std::string_view(text).substr(colon + 1));
    if (!shape || colon == 0) refuse("--shape", "NAME:2x3", text);
    if (!shapes.emplace(text.substr(0, colon), *shape).second) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("--shape gives \"{}\" twice", text.substr(0, colon)));
    }
  }
  return shapes;
}

double parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 5> kUnits = {
      {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"", 1}}};
  const std::string copy(text);
  char* end = nullptr;
  const double number = std::strtod(copy.c_str(), &end);
  for (const auto& [unit, seconds] : kUnits) {
    if (end != copy.c_str() && end == unit && number >= 0 && number * seconds <= 86400) return number * seconds;
  }
  refuse("a duration", "a number and a unit, as 2s or 200ms", text);
}

LoadOptions load_options(const CommonOptions& options) {
  LoadOptions load;
  load.without = options.without;
  load.dims = parse_dims(options.dims);
  return load;
}

Model load_model(const std::string& path, const CommonOptions& options) {
  Model model = Model::load(path, load_options(options));
  for (const std::string& text : model.notes()) note(options, text);
  return model;
}

Session compile_model(const Model& model, const CommonOptions& options) {
  return with_notes(model.compile(compile_options(options)), options);
}

void note(const CommonOptions& options, std::string_view text) {
  if (!options.quiet) fmt::print(stderr, "note: {}\n", text);
}

}  // namespace mica::tools
