// A small story that touches every table of the database, and what must be found of it afterwards:
// for databases of this version and for those that earlier versions left (tests/fixtures/database).
#pragma once

#include "tests/server/store/store_kit.h"

namespace xp::store {

void TellStory(StoreKit& kit);

// EXPECTs all of it, and that the store goes on from there. Changes the store: once per database.
void ExpectStory(StoreKit& kit);

}  // namespace xp::store
