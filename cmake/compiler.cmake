# One toolchain (clang 19), warnings as errors, hardening on in every build that ships.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_C_FLAGS_RELEASE "-O2")

add_compile_options(-fno-omit-frame-pointer $<$<CONFIG:Release>:-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=>)
add_link_options(-fuse-ld=lld-19 -pie -Wl,-z,relro,-z,now -Wl,--gc-sections)
add_compile_definitions(_GLIBCXX_ASSERTIONS BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION)

if(ARCHY_SANITIZE)
  # Instrumented code takes twice as long to optimise; its figures mean nothing anyway.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
  add_compile_options(-fsanitize=${ARCHY_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ARCHY_SANITIZE})
else()
  add_compile_options(-fstack-protector-strong -ftrivial-auto-var-init=zero -ffunction-sections -fdata-sections)
  add_compile_definitions($<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
endif()
if(ARCHY_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(ARCHY_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
endif()
if(ARCHY_TEST_HOOKS)
  add_compile_definitions(ARCHY_TEST_HOOKS=1)
endif()

# Most tests only ask, and take longer to optimise than to run. These count for themselves.
set(ARCHY_TEST_OPTIONS $<$<NOT:$<CONFIG:Release>>:-O0>)
set(ARCHY_BUSY_TESTS bao fetch quic store)
set(ARCHY_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
    -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Werror)
