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
#              SRCS ... [DEPS ...] [ALONE ...] [TIMEOUT <s>])
#       KIND becomes the ctest label. A fuzz target is built only with
#       GOFERD_BUILD_FUZZERS, a bench target is built but is not a test.
#       ALONE is as for a library.
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

# With GOFERD_UNITY: `batch` sources at a time, 0 for all; the rest of the
# arguments are compiled alone.
function(_gofer_compile_together target batch)
  if(NOT GOFERD_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES
    UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${batch})
  # A private class of a .cc may have members of file-local types. GCC warns of
  # that in files that are included, as all of these are.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
  # The same short name for a type of ours in two files shadows nothing.
  target_compile_options(${target} PRIVATE -Wno-shadow)
  if(ARGN)
    set_source_files_properties(${ARGN} PROPERTIES
      SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
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

# With GOFERD_CHECK_HEADERS: compiles each header by itself, so that one that
# forgot an include is found. A precompiled header hides what it holds itself.
function(_gofer_check_headers target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HDRS;DEPS;PUBLIC;PRIVATE")
  if(NOT GOFERD_CHECK_HEADERS OR NOT arg_HDRS)
    return()
  endif()
  set(sources)
  foreach(header IN LISTS arg_HDRS)
    cmake_path(ABSOLUTE_PATH header)
    cmake_path(RELATIVE_PATH header BASE_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set(source "${PROJECT_BINARY_DIR}/headers/${header}.cc")
    file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"${header}\"\n")
    list(APPEND sources "${source}")
  endforeach()
  add_library(${target}_headers OBJECT ${sources})
  _gofer_common(${target}_headers)
  target_compile_options(${target}_headers PRIVATE -g0)
  target_link_libraries(${target}_headers PRIVATE ${arg_DEPS})
  gofer_use_precompiled_headers(${target}_headers LIBRARY
    PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
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
    _gofer_compile_together(${target} ${GOFERD_UNITY_BATCH} ${arg_ALONE})
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
  _gofer_check_headers(${target} HDRS ${arg_HDRS}
    DEPS ${deps} ${private_deps}
    PUBLIC ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
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
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "KIND;TIMEOUT" "SRCS;DEPS;ALONE")
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
    # More at a time would leave a processor without work at the end.
    _gofer_compile_together(${name} 8 ${arg_ALONE})
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
