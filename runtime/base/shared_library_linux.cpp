#include <dlfcn.h>

#include "runtime/base/shared_library.h"

namespace mica {

SharedLibrary SharedLibrary::load(const std::string& name, const std::string& folder) {
  SharedLibrary library;
  for (const std::string& path : {name, folder + "/" + name}) {
    library.handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library.loaded()) break;
  }
  return library;
}

void* SharedLibrary::find(const char* symbol) const {
  return loaded() ? dlsym(handle_, symbol) : nullptr;
}

}  // namespace mica
