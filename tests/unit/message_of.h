// What an action says when it throws, for unit tests.
#pragma once

#include <string>

#include "runtime/base/error.h"

namespace mica {

/// The text of the Error that `action` throws; "no error" when it throws none.
template <class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace mica
