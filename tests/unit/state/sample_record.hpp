#pragma once

#include <plugin/state/record.hpp>
#include <tests/unit/plan/deployment.hpp>

namespace zmfw::test {

inline RunRecord sample_record() {
    Deployment deployment;
    deployment.mailstore("mbox1.example.com", "10.0.0.11").server("mta1.example.com", "mta", "10.0.0.21");
    RunRecord record;
    record.id = 7;
    record.made_at = "2026-11-24T06:15:47Z";
    record.digests = {"0.1.0", std::string(64, 'a'), "none", {{"conf/zmconfigd.cf", std::string(64, 'b')}}};
    record.inventory = deployment.inventory();
    record.plan = deployment.plan();
    record.plan.made_at = record.made_at;
    return record;
}

}  // namespace zmfw::test
