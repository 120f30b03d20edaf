#include "worker/worker_link.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

namespace sfu::worker {
namespace {

using Message = std::vector<std::uint8_t>;
using Messages = std::vector<Message>;

/// A message that tells its number and is wrong where any byte of it is.
Message message(std::uint64_t number, std::size_t size) {
  Message bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::uint8_t>(number * 31 + i * 7 + size);
  return bytes;
}

bool write(WorkerLink& link, const Message& bytes) {
  const MutableBytes room = link.reserve(bytes.size());
  if (room.data() == nullptr) return false;
  EXPECT_EQ(room.size(), bytes.size());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(room.data()) % LinkWriter::kAlignment, 0u);
  std::copy(bytes.begin(), bytes.end(), room.begin());
  link.commit();
  return true;
}

Messages read(WorkerLink& link, std::size_t most = 1'000'000) {
  Messages messages;
  link.read(most, [&](Bytes bytes) { messages.emplace_back(bytes.begin(), bytes.end()); });
  return messages;
}

TEST(WorkerLink, ShowsNothingBeforeItIsPublished) {
  WorkerLink link(1024);
  EXPECT_FALSE(link.publish());
  ASSERT_TRUE(write(link, message(1, 10)));
  EXPECT_TRUE(read(link).empty());
  EXPECT_TRUE(link.publish());
  EXPECT_EQ(read(link), Messages{message(1, 10)});
  EXPECT_TRUE(read(link).empty());
}

TEST(WorkerLink, HandsOutEverySizeAsItWasWrittenAlsoAcrossItsEnd) {
  WorkerLink link(1024);
  std::uint64_t number = 0;
  for (int round = 0; round < 40; ++round) {
    for (std::size_t size = 0; size <= 504; size += 1 + static_cast<std::size_t>(round)) {
      const Message sent = message(++number, size);
      ASSERT_TRUE(write(link, sent)) << size;
      link.publish();
      ASSERT_EQ(read(link), Messages{sent}) << size;
    }
  }
}

TEST(WorkerLink, KeepsTheOrderOfManyThatWaitTogether) {
  WorkerLink link(4096);
  std::mt19937 random(7);
  Messages waiting;
  std::uint64_t number = 0;
  for (int round = 0; round < 2000; ++round) {
    for (int i = 0; i < 5; ++i) {
      Message sent = message(++number, random() % 300);
      if (write(link, sent)) waiting.push_back(std::move(sent));
    }
    link.publish();
    if (round % 3 != 0) continue;
    ASSERT_EQ(read(link), waiting) << round;
    waiting.clear();
  }
}

TEST(WorkerLink, RefusesWhatDoesNotFitAndTakesItWhenThereIsRoomAgain) {
  WorkerLink link(256);  // Four messages of 56 bytes with their headers.
  for (std::uint64_t i = 0; i < 4; ++i) ASSERT_TRUE(write(link, message(i, 56)));
  EXPECT_FALSE(write(link, message(4, 56)));
  EXPECT_FALSE(write(link, message(4, 0)));
  link.publish();
  EXPECT_FALSE(write(link, message(4, 56))) << "shown is not yet read";
  EXPECT_EQ(read(link).size(), 4u);
  EXPECT_TRUE(write(link, message(5, 56)));
  link.publish();
  EXPECT_EQ(read(link), Messages{message(5, 56)});
}

TEST(WorkerLink, DoesNotOverwriteWhatWaitsWhereAMessageWouldBeginAnew) {
  WorkerLink link(256);
  for (std::uint64_t i = 0; i < 3; ++i) ASSERT_TRUE(write(link, message(i, 56)));
  link.publish();
  ASSERT_EQ(read(link, 1), Messages{message(0, 56)});
  // 64 bytes are free at the end and 64 at the start; in one piece they are not 128.
  EXPECT_FALSE(write(link, message(3, 120)));
  EXPECT_TRUE(write(link, message(4, 56)));
  EXPECT_TRUE(write(link, message(5, 56)));
  link.publish();
  EXPECT_EQ(read(link), (Messages{message(1, 56), message(2, 56), message(4, 56), message(5, 56)}));
}

TEST(WorkerLink, ForgetsWhatWasReservedAndNotCommitted) {
  WorkerLink link(256);
  ASSERT_TRUE(write(link, message(1, 100)));
  EXPECT_FALSE(link.reserve(100).empty());
  ASSERT_TRUE(write(link, message(2, 20)));
  link.publish();
  EXPECT_EQ(read(link), (Messages{message(1, 100), message(2, 20)}));
}

TEST(WorkerLink, WakesAReaderThatHadReadAllAndNoOther) {
  WorkerLink link(1024);
  write(link, message(1, 8));
  EXPECT_TRUE(link.publish());
  write(link, message(2, 8));
  EXPECT_FALSE(link.publish()) << "the reader is on its way";
  EXPECT_EQ(read(link).size(), 2u);
  EXPECT_FALSE(link.publish()) << "there is nothing new";
  write(link, message(3, 8));
  EXPECT_TRUE(link.publish());
}

TEST(WorkerLink, TellsAReaderThatLeftSomethingToComeAgain) {
  WorkerLink link(1024);
  for (std::uint64_t i = 0; i < 5; ++i) write(link, message(i, 8));
  link.publish();
  std::size_t seen = 0;
  EXPECT_TRUE(link.read(3, [&](Bytes) { ++seen; }));
  EXPECT_EQ(seen, 3u);
  write(link, message(5, 8));
  EXPECT_FALSE(link.publish()) << "who comes again needs no wake-up";
  EXPECT_FALSE(link.read(3, [&](Bytes) { ++seen; }));
  EXPECT_EQ(seen, 6u);
}

/// Two threads that never wait for each other but through the link: all that one could write comes
/// out at the other, once, whole and in order. The thread sanitizer looks on where it is built in.
TEST(WorkerLink, CarriesAllFromOneThreadToAnotherWholeAndInOrder) {
  constexpr std::uint64_t kMessages = 20'000;
  WorkerLink link(16 * 1024);
  const auto size_of = [](std::uint64_t number) { return 8 + (number * 2654435761u) % 1400; };

  std::thread writer([&] {
    for (std::uint64_t number = 0; number < kMessages;) {
      const std::size_t size = size_of(number);
      const MutableBytes room = link.reserve(size);
      if (!room.empty()) {
        std::memset(room.data(), static_cast<int>(number & 0xff), size);
        std::memcpy(room.data(), &number, sizeof number);
        link.commit();
        ++number;
      }
      if (room.empty() || number % 7 == 0) link.publish();
    }
    link.publish();
  });
  std::uint64_t expected = 0;
  std::uint64_t wrong = 0;
  while (expected < kMessages) {
    link.read(64, [&](Bytes bytes) {
      std::uint64_t number = 0;
      std::memcpy(&number, bytes.data(), sizeof number);
      const bool is_whole = number == expected && bytes.size() == size_of(number) &&
                            (bytes.size() == 8 || bytes.back() == (number & 0xff));
      wrong += is_whole ? 0 : 1;
      ++expected;
    });
  }
  writer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_TRUE(read(link).empty());
}

}  // namespace
}  // namespace sfu::worker
