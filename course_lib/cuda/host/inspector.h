// The inspector's state, and how the notes of a warp become counts and findings.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "findings.h"
#include "runtime.h"
#include "shadow.h"
#include "traffic.h"

struct Entry {  // one access as a lane wrote it down, in two stores
    uint64_t address, rest;

    Entry() = default;
    Entry(uint64_t where, uint32_t pc, unsigned bytes, Access access)
        : address(where), rest(pc | (uint64_t)bytes << 32 | (uint64_t)access << 48) {}
    uint32_t pc() const { return (uint32_t)rest; }
    unsigned bytes() const { return (uint16_t)(rest >> 32); }
    Access access() const { return (Access)(rest >> 48); }
};

// The lanes' notes lie side by side: the k-th of all lanes in one row of 32, which is one instruction of the warp as
// long as the lanes go together.
struct Trace {
    Entry *start, *end;  // a lane's first note and the place of its next; its notes are kLanes entries apart
};

struct Stat {  // of one instruction on one array
    int site, array, next;
    Access access;
    uint64_t accesses, bytes, requests, sectors, used_bytes, passes, ideal_passes;
};

struct Known {  // a variable at file scope; __course_known in threads.h
    const char* name;
    const volatile void* start;
    unsigned long bytes, element;
};

struct Event {  // for the picture of small launches
    int array, index;
    unsigned block, thread;
    Access access;
};

struct Inspector {
    static constexpr unsigned kMaxArrays = 64, kMaxStats = 4096, kMaxEvents = 4096;
    static constexpr size_t kTraceRows = 1 << 16;

    Array arrays[kMaxArrays];
    unsigned array_count;
    Trace traces[kLanes];
    Entry* trace_limit;
    Clocks clocks[kMaxThreads / kLanes];
    Shadow shadow;
    Findings findings;
    Stat stats[kMaxStats];
    unsigned stat_count, event_count, site_count;
    Event events[kMaxEvents];
    bool too_many_events, reading;
    uintptr_t memory, shared, image_low, image_high, first_pc;
    size_t memory_bytes;
    uint16_t* site_at;   // by offset from first_pc; 0 is none
    int* lines;          // of each site
    int* first_stat;     // of each site: index in stats, or -1
    int* last_array;     // of each site
    uint32_t* lanes_to_come;  // of each line: the lanes that come to it in the notes being read
    uint32_t* last_row;       // of each line and lane: where its last note of it stands
    Worker* worker;
    int report;  // an open file

    Array* add_array(const char* name, Space space, uintptr_t start, size_t bytes, unsigned element, size_t slack);
    void meet_shared(const char* name, uintptr_t start, size_t bytes, unsigned element);
    void prepare_sites(const uint64_t* table);
    void prepare_traces();
    void read_notes(Worker* w, unsigned warp, unsigned lanes);
    void look_ahead(unsigned active, Entry* const* at);
    unsigned next_group(unsigned active, Entry* const* at) const;
    bool whole_warp(unsigned warp, const Entry* row);
    void instruction(unsigned warp, unsigned lanes, Entry* const* entries);
    void on_array(unsigned warp, unsigned lanes, Entry* const* entries, int array, int site);
    void on_cells(int array, uint64_t offset, unsigned bytes, const uint32_t* clocks, const Actor& now);
    void add_events(int array, unsigned warp, const uint64_t* offsets, const uint8_t* who, unsigned n, const Actor& now);
    void add_finding(const char* kind, int array, uint64_t offset, const Actor& now);
    void touch_lanes(unsigned warp, Array& array, int index, const uint64_t* offsets, unsigned bytes, Access access, int site);
    void count_reads(Array& array, uint64_t offset, unsigned bytes);
    void count(Array& array, int index, int site, Access access, uint64_t* offsets, const uint8_t* who, unsigned n,
               unsigned bytes, bool one_pass);
    void stray(unsigned warp, unsigned lane, const Entry& entry, int site);
    Stat& stat(int site, int array, Access access);
    int line_of(const Entry* entry) const { return lines[site_at[entry->pc()]]; }
    uint32_t row_of(const Entry* entry) const { return (uint32_t)((entry - traces[0].start) / kLanes); }
    void write_report(const char* ending);

    Clocks& clocks_of(unsigned warp) {
        if (clocks[warp].stamp != shadow.stamp) clocks[warp].restart(shadow.stamp);
        return clocks[warp];
    }
    // Whether a kernel may write here: among the launch's arrays, in shared memory, in a variable at file scope. The
    // room behind each is wider than one access.
    inline bool is_writable(uintptr_t where) const {
        if (where - memory < memory_bytes - 16 || where - shared < kStaticSharedBytes + kDynamicSharedBytes) return true;
        int array = array_of(where);
        return array >= 0 && arrays[array].space == kDevice;
    }
    int array_of(uint64_t address) const {
        for (unsigned i = 0; i < array_count; ++i)
            if (address - arrays[i].start < arrays[i].bytes) return (int)i;
        return -1;
    }
};

extern Inspector inspector;
