# What is installed, and the packages that cpack makes of it (install/package/).
include(GNUInstallDirs)
set(package_folder ${PROJECT_SOURCE_DIR}/install/package)
set(package_build ${PROJECT_BINARY_DIR}/package)

install(TARGETS zmfirewall RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY templates/ DESTINATION ${CMAKE_INSTALL_DATADIR}/zmfirewall)
install(FILES README.md docs/cookbook.md docs/building.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/zmfirewall)

# What only packages have is of a component of its own: "cmake --install" writes nothing outside of its prefix.
set(packaged COMPONENT package EXCLUDE_FROM_ALL)

# Relative: cpack calls every file with an absolute destination a configuration file.
set(ZMFIREWALL_UNIT_FOLDER lib/systemd/system CACHE STRING "Where packages put units of systemd, below /usr")
install(FILES ${package_folder}/units/zmfirewall-recompute.path ${package_folder}/units/zmfirewall-recompute.service
              ${package_folder}/units/zmfirewall-recompute.timer
        DESTINATION ${ZMFIREWALL_UNIT_FOLDER}
        ${packaged})
install(FILES ${package_folder}/units/50-zmfirewall.preset DESTINATION lib/systemd/system-preset
        ${packaged})
set(ZMFIREWALL_GENERATOR_FOLDER lib/systemd/system-generators CACHE STRING "Where packages put generators of systemd")
install(PROGRAMS ${package_build}/zmfirewall-generator DESTINATION ${ZMFIREWALL_GENERATOR_FOLDER}
        ${packaged})
install(FILES ${package_folder}/recompute.conf DESTINATION /etc/zmfirewall
        ${packaged})
install(FILES ${package_folder}/zmfirewall.logrotate DESTINATION /etc/logrotate.d RENAME zmfirewall
        ${packaged})
install(FILES ${package_folder}/zmfirewall.cron DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/zmfirewall/examples
        ${packaged})
install(DIRECTORY DESTINATION /var/log/zmfirewall
        ${packaged})

# The functions that scripts of both kinds share become part of each: a script must not need a file of its package.
file(READ ${package_folder}/functions.sh PACKAGE_FUNCTIONS)
# configure_file() gives permissions since CMake 3.20 only, and Ubuntu 20.04 has 3.16.
foreach(script debian/postinst debian/prerm debian/postrm rpm/post rpm/preun rpm/postun zmfirewall-generator)
  configure_file(${package_folder}/${script}.in ${package_build}/unready/${script} @ONLY)
  get_filename_component(folder ${package_build}/${script} DIRECTORY)
  file(COPY ${package_build}/unready/${script} DESTINATION ${folder}
       FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endforeach()

set(CPACK_PACKAGE_NAME zmfirewall)
set(CPACK_PACKAGE_VENDOR zmfirewall)
set(CPACK_PACKAGE_CONTACT "The zmfirewall authors <zmfirewall@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "minimal firewall whitelist of a live Zimbra")
set(CPACK_PACKAGE_DESCRIPTION "zmfirewall asks a running Zimbra which services and ports are enabled on each
server, derives the minimal firewall whitelist from that, says why each port
is open or closed, and emits the rules for nftables, iptables, ufw, firewalld
and others. It runs again by itself after each upgrade and tells what changed.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};zmfirewall;Unspecified;/"
                                 "${PROJECT_BINARY_DIR};zmfirewall;package;/")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "nftables, iproute2, python3")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "iptables, ipset, ufw, firewalld, ansible-core, logrotate")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${package_build}/debian/postinst ${package_build}/debian/prerm ${package_build}/debian/postrm
    ${package_folder}/debian/triggers ${package_folder}/debian/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
find_program(GZIP gzip)
if(NOT GZIP)
  message(FATAL_ERROR "gzip is not installed")
endif()
file(STRINGS ${package_folder}/changelog.date changelog_date LIMIT_COUNT 1)
configure_file(${package_folder}/debian/changelog.in ${package_build}/debian/changelog @ONLY)
execute_process(COMMAND ${GZIP} -9nkf ${package_build}/debian/changelog RESULT_VARIABLE zipped)
if(zipped)
  message(FATAL_ERROR "gzip of the changelog failed: ${zipped}")
endif()
install(FILES ${package_build}/debian/changelog.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/zmfirewall
        ${packaged})
install(FILES ${package_folder}/debian/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/zmfirewall
        ${packaged})
install(FILES ${package_folder}/debian/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides
        RENAME zmfirewall
        ${packaged})

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE "Apache-2.0")
set(CPACK_RPM_PACKAGE_GROUP "System Environment/Base")
set(CPACK_RPM_PACKAGE_URL "https://github.com/zmfirewall/zmfirewall")
set(CPACK_RPM_PACKAGE_AUTOREQ ON)
set(CPACK_RPM_PACKAGE_REQUIRES logrotate)
set(CPACK_RPM_PACKAGE_RELOCATABLE OFF)
set(CPACK_RPM_PACKAGE_SUMMARY "Minimal firewall whitelist of a live Zimbra")
set(CPACK_RPM_PACKAGE_DESCRIPTION "${CPACK_PACKAGE_DESCRIPTION}")
set(CPACK_RPM_SPEC_MORE_DEFINE "Packager: ${CPACK_PACKAGE_CONTACT}")
set(CPACK_RPM_PACKAGE_SUGGESTS "nftables, iproute, python3")
set(CPACK_RPM_USER_FILELIST "%config(noreplace) /etc/zmfirewall/recompute.conf"
                            "%config(noreplace) /etc/logrotate.d/zmfirewall")
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /etc /etc/logrotate.d /etc/systemd /lib /lib/systemd /lib/systemd/system /usr/lib/systemd /usr/lib/systemd/system
    /usr/lib/systemd/system-generators /usr/lib/systemd/system-preset /usr/share/lintian /usr/share/lintian/overrides /var /var/log /usr/share/man /usr/share/man/man1)
set(CPACK_RPM_POST_INSTALL_SCRIPT_FILE ${package_build}/rpm/post)
set(CPACK_RPM_PRE_UNINSTALL_SCRIPT_FILE ${package_build}/rpm/preun)
set(CPACK_RPM_POST_UNINSTALL_SCRIPT_FILE ${package_build}/rpm/postun)
include(CPack)
