# The manual page and the completions: the program that was just built tells them, as it tells --help.
include(GNUInstallDirs)
set(documents ${PROJECT_BINARY_DIR}/doc)
if(EXISTS /etc/redhat-release)
  set(zsh_folder zsh/site-functions)
else()
  set(zsh_folder zsh/vendor-completions)
endif()
set(ZMFIREWALL_ZSH_FOLDER ${zsh_folder} CACHE STRING "Where zsh looks for completions, below the data folder")
find_program(ZMFIREWALL_GZIP gzip)

# made_by_help(KIND FILE): build/doc/FILE from "zmfirewall help-pages KIND".
function(made_by_help kind file)
  add_custom_command(OUTPUT ${documents}/${file}
                     COMMAND ${CMAKE_COMMAND} -E make_directory ${documents}
                     COMMAND zmfirewall help-pages ${kind} > ${documents}/${file}
                     DEPENDS zmfirewall VERBATIM)
endfunction()

# What cannot run here (built for another machine) cannot tell its help.
if(NOT CMAKE_CROSSCOMPILING)
  made_by_help(man zmfirewall.1)
  made_by_help(bash zmfirewall.bash)
  made_by_help(zsh _zmfirewall)
  made_by_help(fish zmfirewall.fish)
  set(manual ${documents}/zmfirewall.1)
  if(ZMFIREWALL_GZIP)
    add_custom_command(OUTPUT ${manual}.gz COMMAND ${ZMFIREWALL_GZIP} -9nkf ${manual} DEPENDS ${manual} VERBATIM)
    set(manual ${manual}.gz)
  endif()
  add_custom_target(documents ALL DEPENDS ${manual} ${documents}/zmfirewall.bash ${documents}/_zmfirewall
                                          ${documents}/zmfirewall.fish)
  install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${documents}/zmfirewall.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
          RENAME zmfirewall)
  install(FILES ${documents}/_zmfirewall DESTINATION ${CMAKE_INSTALL_DATADIR}/${ZMFIREWALL_ZSH_FOLDER})
  install(FILES ${documents}/zmfirewall.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()
