# The project's way to declare a target. A target says its FLOOR (see the
# diagram in README.md); the configuration stops when a target depends on one
# that is not on a strictly lower floor.
#
#   gofer_library(<name> [NAMESPACE goferd|goferctl] FLOOR <n> SRCS ... HDRS ...
#                 [DEPS ...] [PRIVATE_DEPS ...] [ALONE ...])
#       With GOFERD_UNITY the sources are compiled together, but for those that
#       ALONE names: their file-local names collide with another file's.
#       Makes gofer_<name> with the alias gofer::<name>, or those of another
#       namespace.
#   gofer_executable(<name> FLOOR <n> SRCS ... [DEPS ...] [STATIC])
#   gofer_test(<name> KIND unit|conformance|stress|integration|fuzz|bench
#              SRCS ... [DEPS ...] [TIMEOUT <s>])
#       KIND becomes the ctest label. A fuzz target is built only with
#       GOFERD_BUILD_FUZZERS, a bench target is built but is not a test.
#
# DEPS are our own (gofer::x, goferd::x) or imported targets. Only our own have floors.

include_guard(GLOBAL)
include(StaticLinking)
include(PrecompiledHeaders)

function(_gofer_common target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
    -Wold-style-cast -Wimplicit-fallthrough
    -ffunction-sections -fdata-sections)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${target} PRIVATE -Wthread-safety)
  endif()
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
endfunction()

# Stops the configuration when an arrow points up or sideways.
function(_gofer_check_floors target floor)
  foreach(dep IN LISTS ARGN)
    if(NOT dep MATCHES "^gofer(d|ctl)?::")
      continue()
    endif()
    if(NOT TARGET ${dep})
      message(FATAL_ERROR "${target}: ${dep} does not exist yet: "
        "a floor's folder is added before those above it")
    endif()
    get_target_property(real ${dep} ALIASED_TARGET)
    get_target_property(dep_floor ${real} GOFER_FLOOR)
    if(NOT dep_floor LESS floor)
      message(FATAL_ERROR "${target} (floor ${floor}) may not depend on "
        "${dep} (floor ${dep_floor}): only strictly lower floors")
    endif()
  endforeach()
endfunction()

function(gofer_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FLOOR;NAMESPACE"
    "SRCS;HDRS;DEPS;PRIVATE_DEPS;ALONE")
  if(NOT DEFINED arg_FLOOR OR DEFINED arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "gofer_library(${name}): FLOOR missing, or unknown "
      "words: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_NAMESPACE)
    set(arg_NAMESPACE gofer)
  endif()
  set(target ${arg_NAMESPACE}_${name})
  _gofer_check_floors(${target} ${arg_FLOOR} ${arg_DEPS} ${arg_PRIVATE_DEPS})
  if(arg_SRCS)
    add_library(${target} STATIC ${arg_SRCS})
    _gofer_common(${target})
    if(GOFERD_UNITY)
      set_target_properties(${target} PROPERTIES
        UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${GOFERD_UNITY_BATCH})
      # A private class of a .cc may have members of file-local types. GCC warns
      # of that in files that are included, as all of these are.
      if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
      endif()
      # The same short name for a type of ours in two files shadows nothing.
      target_compile_options(${target} PRIVATE -Wno-shadow)
      if(arg_ALONE)
        set_source_files_properties(${arg_ALONE} PROPERTIES
          SKIP_UNITY_BUILD_INCLUSION ON)
      endif()
    endif()
    gofer_choose_linkage(deps ${arg_DEPS})
    gofer_choose_linkage(private_deps ${arg_PRIVATE_DEPS})
    target_link_libraries(${target} PUBLIC ${deps} PRIVATE ${private_deps})
    target_sources(${target} PUBLIC FILE_SET HEADERS
      BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HDRS})
  else()
    add_library(${target} INTERFACE)
    target_compile_features(${target} INTERFACE cxx_std_20)
    target_include_directories(${target} INTERFACE
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
    gofer_choose_linkage(deps ${arg_DEPS})
    target_link_libraries(${target} INTERFACE ${deps})
    target_sources(${target} INTERFACE FILE_SET HEADERS
      BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HDRS})
  endif()
  set_target_properties(${target} PROPERTIES GOFER_FLOOR ${arg_FLOOR})
  gofer_use_precompiled_headers(${target} LIBRARY
    PUBLIC ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
  add_library(${arg_NAMESPACE}::${name} ALIAS ${target})
endfunction()

function(gofer_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "STATIC" "FLOOR" "SRCS;DEPS")
  _gofer_check_floors(${name} ${arg_FLOOR} ${arg_DEPS})
  add_executable(${name} ${arg_SRCS})
  _gofer_common(${name})
  gofer_choose_linkage(deps ${arg_DEPS})
  target_link_libraries(${name} PRIVATE ${deps})
  if(arg_STATIC)
    gofer_link_statically(${name})
  endif()
  set_target_properties(${name} PROPERTIES GOFER_FLOOR ${arg_FLOOR})
endfunction()

# Instrumented tests take twice as long to optimise, and what they test is
# optimised in any case.
function(_gofer_test_options target)
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

function(gofer_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "KIND;TIMEOUT" "SRCS;DEPS")
  set(kinds unit conformance stress integration fuzz bench)
  if(NOT arg_KIND IN_LIST kinds)
    message(FATAL_ERROR "gofer_test(${name}): KIND is one of ${kinds}")
  endif()
  if(arg_KIND STREQUAL "fuzz" AND NOT GOFERD_BUILD_FUZZERS)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_executable(${name} ${arg_SRCS})
  _gofer_common(${name})
  if(NOT arg_KIND STREQUAL "fuzz")
    _gofer_test_options(${name})
  endif()
  target_link_libraries(${name} PRIVATE ${arg_DEPS})
  if(NOT arg_KIND MATCHES "^(fuzz|bench)$")
    gofer_use_precompiled_headers(${name} TEST PRIVATE ${arg_DEPS})
  endif()
  if(arg_KIND STREQUAL "fuzz")
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  elseif(arg_KIND STREQUAL "bench")
    target_link_libraries(${name} PRIVATE benchmark::benchmark_main)
  else()
    target_link_libraries(${name} PRIVATE GTest::gmock_main)
    set_property(GLOBAL APPEND PROPERTY GOFER_TESTS ${name})
    gtest_discover_tests(${name}
      DISCOVERY_MODE PRE_TEST
      PROPERTIES LABELS ${arg_KIND} TIMEOUT ${arg_TIMEOUT})
  endif()
endfunction()
