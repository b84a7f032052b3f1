// The coroutine type of every flow: an Asio awaitable that carries a Result.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/result.hpp"

namespace archy::rt {

using Executor = boost::asio::any_io_executor;

template <class T = void>
using Task = boost::asio::awaitable<Result<T>>;

}  // namespace archy::rt
