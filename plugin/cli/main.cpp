#include <plugin/cli/application.hpp>

int main(int argc, char** argv) {
    return zmfw::run_application(argc, argv);
}
