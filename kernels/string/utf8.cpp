#include "kernels/string/utf8.h"

namespace mica {
namespace {

constexpr char32_t kReplacement = 0xfffd;

bool within(char32_t code, char32_t first, char32_t last) {
  return code >= first && code <= last;
}

// Blocks in which capitals and small letters take turns, the capital first at an even number, or at an odd one.
bool alternates_from_even(char32_t code) {
  return within(code, 0x100, 0x12f) || within(code, 0x132, 0x137) || within(code, 0x14a, 0x177) ||
         within(code, 0x460, 0x481) || within(code, 0x48a, 0x4bf) || within(code, 0x4d0, 0x52f) ||
         within(code, 0x1e00, 0x1e95) || within(code, 0x1ea0, 0x1eff);
}

bool alternates_from_odd(char32_t code) {
  return within(code, 0x139, 0x148) || within(code, 0x179, 0x17e);
}

}  // namespace

char32_t take_code_point(std::string_view& text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t length = lead < 0x80                ? 1
                        : within(lead, 0xc2, 0xdf) ? 2
                        : within(lead, 0xe0, 0xef) ? 3
                        : within(lead, 0xf0, 0xf4) ? 4
                                                   : 0;
  char32_t code = length == 1 ? lead : length > 1 ? lead & (0x7fu >> length) : kReplacement;
  for (size_t i = 1; i < length; ++i) {
    if (i >= text.size() || (byte(i) & 0xc0) != 0x80) {
      text.remove_prefix(1);
      return kReplacement;
    }
    code = code << 6 | (byte(i) & 0x3fu);
  }
  const char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (length > 1 && (code < least[length] || code > 0x10ffff || within(code, 0xd800, 0xdfff))) {
    text.remove_prefix(1);
    return kReplacement;
  }
  text.remove_prefix(length == 0 ? 1 : length);
  return code;
}

void append_utf8(std::string& text, char32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  const int extra = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  text += static_cast<char>((0xff00u >> (extra + 1) & 0xffu) | code >> (6 * extra));
  for (int i = extra - 1; i >= 0; --i) text += static_cast<char>(0x80u | (code >> (6 * i) & 0x3fu));
}

char32_t to_lower(char32_t code) {
  if (within(code, 'A', 'Z') || (within(code, 0xc0, 0xde) && code != 0xd7)) return code + 0x20;
  if ((within(code, 0x391, 0x3ab) && code != 0x3a2) || within(code, 0x410, 0x42f)) return code + 0x20;
  if (within(code, 0x400, 0x40f)) return code + 0x50;
  if (code == 0x178) return 0xff;
  if (alternates_from_even(code)) return code | 1u;
  if (alternates_from_odd(code)) return code + (code & 1u);
  return code;
}

char32_t to_upper(char32_t code) {
  if (within(code, 'a', 'z') || (within(code, 0xe0, 0xfe) && code != 0xf7)) return code - 0x20;
  if (code == 0x3c2) return 0x3a3;
  if (within(code, 0x3b1, 0x3cb) || within(code, 0x430, 0x44f)) return code - 0x20;
  if (within(code, 0x450, 0x45f)) return code - 0x50;
  if (code == 0xff) return 0x178;
  if (alternates_from_even(code)) return code & ~char32_t{1};
  if (alternates_from_odd(code)) return code - (code & 1u ? 0 : 1);
  return code;
}

}  // namespace mica
