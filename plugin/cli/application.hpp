#pragma once

namespace zmfw {

/// The whole command: reads the arguments, runs, and gives the process's exit status.
[[nodiscard]] int run_application(int argc, char** argv);

}  // namespace zmfw
