// The scores of classical models: what is made of them at the end.
#pragma once

#include <span>
#include <string>

namespace mica {

/// The numbers are those of TreeEnsemble.
enum class PostTransform { None, Softmax, Logistic, SoftmaxZero, Probit };

/// By the names of the standard; throws InvalidModel for another.
PostTransform post_transform_from_name(const std::string& name);

/// SoftmaxZero leaves zeros out of the softmax, and gives 0.5 for each where there is nothing else.
void transform(PostTransform kind, std::span<double> scores);

}  // namespace mica
