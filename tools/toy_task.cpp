#include "tools/toy_task.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "graph/graph.h"

namespace mica::tools {

SortingTask read_task(const Model& model) {
  constexpr const char* kKey = "mica.task";
  const auto& metadata = model.graph().metadata;
  const auto entry = metadata.find(kKey);
  if (entry == metadata.end()) {
    throw Error(ErrorCode::InvalidArgument,
                "the demo is for models/toy.onnx: this model has no metadata \"mica.task\"");
  }
  SortingTask task;
  try {
    const auto json = nlohmann::json::parse(entry->second);
    task.first = json.at("numbers").at(0);
    task.last = json.at("numbers").at(1);
    task.least = json.at("count").at(0);
    task.most = json.at("count").at(1);
    task.separator = json.at("separator");
    task.end = json.at("end");
    task.example = json.at("prompt").get<std::vector<int64_t>>();
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::InvalidArgument, std::string("the model's \"mica.task\" cannot be read: ") + error.what());
  }
  std::erase(task.example, task.separator);
  return task;
}

std::vector<int64_t> continue_greedily(Session& session, std::vector<int64_t> tokens, int64_t end, size_t limit,
                                       std::vector<double>& seconds) {
  std::vector<int64_t> added;
  while (added.size() < limit && (added.empty() || added.back() != end)) {
    const auto start = std::chrono::steady_clock::now();
    const Tensor ids = Tensor::view<int64_t>({1, static_cast<int64_t>(tokens.size())}, tokens);
    const Tensor& logits = session.run({{"input_ids", ids}})["logits"];
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    const auto last = logits.as<float>().last(static_cast<size_t>(logits.shape().back()));
    added.push_back(std::ranges::max_element(last) - last.begin());
    tokens.push_back(added.back());
  }
  return added;
}

}  // namespace mica::tools
