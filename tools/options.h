// Options that mean the same in every command, and what follows from them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/mica.h"

namespace mica::tools {

struct CommonOptions {
  std::string device = "cpu";
  int threads = 0;
  std::string precision = "fp32";
  std::string packed_cache;
  std::string provider;
  std::vector<std::string> dims;    ///< "seq=128"
  std::vector<std::string> shapes;  ///< "x:1x128"
  std::vector<std::string> without;
  uint64_t seed = 0;
  bool json = false;
  bool quiet = false;
};

/// Values of --dim by name. Throws InvalidArgument for what does not read NAME=NUMBER.
std::map<std::string, int64_t, std::less<>> parse_dims(const std::vector<std::string>& texts);
/// Values of --shape by name of the input. Throws InvalidArgument for what does not read NAME:2x3 (NAME: is a scalar).
std::map<std::string, Shape, std::less<>> parse_shapes(const std::vector<std::string>& texts);
/// "2x3x4"; empty text is a scalar. Nothing when it does not read like that, or is too large.
std::optional<Shape> parse_shape(std::string_view text);
/// "2s", "200ms", "50us", "1m" or "1.5" (seconds), in seconds. Throws InvalidArgument.
double parse_duration(std::string_view text);

/// What Model::load is to do.
LoadOptions load_options(const CommonOptions& options);
/// Loads a model and says its notes on stderr.
Model load_model(const std::string& path, const CommonOptions& options);
Session compile_model(const Model& model, const CommonOptions& options);

/// A remark for people on stderr; nothing with --quiet.
void note(const CommonOptions& options, std::string_view text);

}  // namespace mica::tools
