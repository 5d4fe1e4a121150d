# Lets chosen executables be linked statically, while the others of the same
# build use Debian's shared libraries.
#
#   gofer_choose_linkage(<out> <dep> ...)
#       DEPS with a choice in place of every absl::x: an executable with the
#       property GOFER_STATIC gets its archive, all others the shared library.
#   gofer_link_statically(<executable>)
#       One position-independent file that needs nothing of the file system it
#       is started in. Does nothing under sanitizers: their runtimes are shared.
#
# Debian's targets of abseil name the shared libraries only; the archives lie
# beside them. Include after find_package(absl).

include_guard(GLOBAL)

if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  set(GOFERD_STATIC_SUPPORTED OFF)
else()
  set(GOFERD_STATIC_SUPPORTED ON)
endif()

# Makes gofer_archive_<x> from absl::<x>, and those it depends on.
function(_gofer_make_archive_target name)
  set(target gofer_archive_${name})
  if(TARGET ${target})
    return()
  endif()
  get_target_property(type absl::${name} TYPE)
  if(type STREQUAL "SHARED_LIBRARY")
    get_target_property(shared absl::${name} LOCATION)
    string(REGEX REPLACE "\\.so\\..*$" ".a" archive "${shared}")
    if(NOT EXISTS "${archive}")
      message(FATAL_ERROR "no archive of absl::${name}: ${archive} is missing")
    endif()
    add_library(${target} STATIC IMPORTED GLOBAL)
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${archive}")
  else()
    add_library(${target} INTERFACE IMPORTED GLOBAL)
  endif()
  get_target_property(deps absl::${name} INTERFACE_LINK_LIBRARIES)
  if(NOT deps)
    return()
  endif()
  set(archives "")
  foreach(dep IN LISTS deps)
    if(dep MATCHES "^absl::(.+)$")
      _gofer_make_archive_target(${CMAKE_MATCH_1})
      list(APPEND archives gofer_archive_${CMAKE_MATCH_1})
    else()
      list(APPEND archives "${dep}")
    endif()
  endforeach()
  set_target_properties(${target} PROPERTIES
    INTERFACE_LINK_LIBRARIES "${archives}")
endfunction()

function(gofer_choose_linkage out)
  set(chosen "")
  foreach(dep IN LISTS ARGN)
    if(GOFERD_STATIC_SUPPORTED AND dep MATCHES "^absl::(.+)$")
      _gofer_make_archive_target(${CMAKE_MATCH_1})
      set(is_static "$<BOOL:$<TARGET_PROPERTY:GOFER_STATIC>>")
      list(APPEND chosen "$<${is_static}:gofer_archive_${CMAKE_MATCH_1}>"
        "$<$<NOT:${is_static}>:${dep}>")
    else()
      list(APPEND chosen "${dep}")
    endif()
  endforeach()
  set(${out} "${chosen}" PARENT_SCOPE)
endfunction()

function(gofer_link_statically executable)
  if(NOT GOFERD_STATIC_SUPPORTED)
    return()
  endif()
  set_target_properties(${executable} PROPERTIES GOFER_STATIC ON)
  # Packed relocations: 150 kB less that each start reads and then keeps.
  target_link_options(${executable} PRIVATE -static-pie
    -Wl,--gc-sections,-z,pack-relative-relocs)
endfunction()
