#include "rt/posix/posix_error.hpp"

#include <cerrno>
#include <system_error>

namespace archy::rt {

Code code_of_errno(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Code::no_space;
    case ENOENT:
    case ENOTDIR:
      return Code::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
    case EEXIST:
    case ETXTBSY:
      return Code::denied;
    case ELOOP:
    case ENAMETOOLONG:
    case EINVAL:
    case EISDIR:
    case ENXIO:
      return Code::bad_input;
    case EWOULDBLOCK:
      return Code::locked;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return Code::try_later;
    default:
      return Code::io;
  }
}

std::unexpected<Error> fail_errno(std::string_view what, const Path& path, int error) {
  std::string detail(what);
  detail += ' ';
  detail += path.native();
  detail += ": ";
  detail += std::generic_category().message(error);
  return fail(code_of_errno(error), std::move(detail));
}

}  // namespace archy::rt
