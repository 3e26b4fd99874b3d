# Two interface targets that every target of ours links: how we compile, and what we want to be warned of.
add_library(project_options INTERFACE)
target_include_directories(project_options INTERFACE ${PROJECT_SOURCE_DIR})
if(ZMFIREWALL_SANITIZE)
  target_compile_options(project_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                                                   -fno-omit-frame-pointer)
  target_link_options(project_options INTERFACE -fsanitize=address,undefined)
else()
  target_compile_options(project_options INTERFACE -fstack-protector-strong
                                                   $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
  target_link_options(project_options INTERFACE -Wl,-z,relro,-z,now)
endif()

add_library(project_warnings INTERFACE)
target_compile_options(project_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast
                                                  -Wnon-virtual-dtor $<$<BOOL:${ZMFIREWALL_WERROR}>:-Werror>)

# zmfirewall_library(NAME SOURCES... LINK libs...): a static library of ours.
function(zmfirewall_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC project_options ${ARG_LINK} PRIVATE project_warnings ${ARG_PRIVATE_LINK})
endfunction()
