// mica demo: the toy model sorts numbers; anybody can see whether it is right.
#include <fmt/core.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "tools/command.h"
#include "tools/print.h"
#include "tools/toy_task.h"

namespace mica::tools {
namespace {

struct Options {
  CommonOptions common;
  std::string program, model;
  std::vector<int64_t> numbers;
};

struct Answer {
  std::vector<int64_t> numbers, expected, given;
  std::vector<double> seconds;  ///< of each token
  bool is_right() const { return given == expected; }
};

void check_numbers(const std::vector<int64_t>& numbers, const SortingTask& task) {
  const std::set<int64_t> distinct(numbers.begin(), numbers.end());
  const bool in_range = std::ranges::all_of(numbers, [&](int64_t n) { return n >= task.first && n <= task.last; });
  if (!in_range || distinct.size() != numbers.size() || numbers.size() < task.least || numbers.size() > task.most) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("the model sorts {} to {} different numbers from {} to {}",
                                                        task.least, task.most, task.first, task.last));
  }
}

Answer solve(const Options& options) {
  const Model model = load_model(options.model, options.common);
  const SortingTask task = read_task(model);
  Answer answer;
  answer.numbers = options.numbers.empty() ? task.example : options.numbers;
  check_numbers(answer.numbers, task);
  answer.expected = answer.numbers;
  std::ranges::sort(answer.expected);
  answer.expected.push_back(task.end);

  Session session = compile_model(model, options.common);
  std::vector<int64_t> prompt = answer.numbers;
  prompt.push_back(task.separator);
  std::vector<double> ignored;
  continue_greedily(session, prompt, task.end, answer.expected.size(), ignored);  // warms up
  answer.given = continue_greedily(session, prompt, task.end, answer.expected.size(), answer.seconds);
  return answer;
}

std::string join(std::span<const int64_t> numbers) {
  std::string text;
  for (const int64_t number : numbers) text += (text.empty() ? "" : " ") + std::to_string(number);
  return text;
}

double mean_seconds(const Answer& answer) {
  return std::accumulate(answer.seconds.begin(), answer.seconds.end(), 0.0) /
         static_cast<double>(answer.seconds.size());
}

void print_text(const Options& options, const Answer& answer) {
  const auto without_end = [](const std::vector<int64_t>& tokens) {
    return std::span(tokens).first(tokens.size() - 1);
  };
  fmt::print("{} is a small transformer that was trained to sort.\n", options.model);
  fmt::print("  given     {}\n", join(answer.numbers));
  fmt::print("  it says   {}\n", join(answer.given.empty() ? std::span<const int64_t>() : without_end(answer.given)));
  if (answer.is_right()) {
    fmt::print("  which is right.\n");
  } else {
    fmt::print("  which is wrong: {}\n", join(without_end(answer.expected)));
  }
  fmt::print("{} tokens, {} each\n", answer.seconds.size(), format_seconds(mean_seconds(answer)));
  Table next({{""}, {""}});
  const std::string command = "  " + options.program + " ";
  next.add({command + "demo " + options.model + " 5 3 9 1", "other numbers"});
  next.add({command + "inspect " + options.model, "what is in a model"});
  next.add({command + "bench " + options.model + " --dim seq=128", "how fast it runs"});
  next.add({command + "run YOUR.onnx", "any model, on random inputs"});
  next.add({command + "--help", "all commands"});
  next.add({"  README.md", "the C++ interface in ten lines"});
  fmt::print("\nNext:\n{}", next.str());
}

int run(const Options& options) {
  const Answer answer = solve(options);
  if (options.common.json) {
    print_json({{"model", options.model},
                {"numbers", answer.numbers},
                {"given", answer.given},
                {"expected", answer.expected},
                {"is_right", answer.is_right()},
                {"us_per_token", mean_seconds(answer) * 1e6}});
  } else {
    print_text(options, answer);
  }
  return answer.is_right() ? kOk : kNegative;
}

}  // namespace

void add_demo(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  options->program = app.get_name();
  CLI::App* command = app.add_subcommand("demo", "The toy model sorts numbers");
  add_model_argument(*command, options->model);
  command->add_option("numbers", options->numbers, "To be sorted");
  add_model_options(*command, options->common);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace mica::tools
