-- Licensed under the Apache License, Version 2.0; see LICENSE.

-- One kind of work for wrk, and a look at every answer:
--   wrk -s load.lua URL -- WORK LENGTHS [KEYS]
-- LENGTHS are those that a body may have, with commas between.  KEYS is a file:
-- in each line a submission's outcomes, and behind them the ids of four.

local SUBMISSIONS = 2000 -- as t/bench/bench makes them
local PARENT = "/education/classes/%s/assignments/a1/submissions/s%04d/outcomes"
local ASSIGNMENTS, STUDENTS = 67, 30 -- of whom each has a registered submission
local REGISTERED = "/education/classes/%s/assignments/a%02d/submissions/s%02d"
local SINGLETONS = {
   "ca05367a-b292-42d5-aff7-5d279feeace8", "ea1351f6-ba33-4940-b2cb-6a7254af2dc8",
   "65a46d78-1a2b-4a7e-bcf8-78a22ac2611b"
}
local CONTEXT = '{"@odata.context":"http://bench/v1.0/$metadata#education/'
local JSON = { ["Content-Type"] = "application/json" }

-- All servers answer for one name, so that their answers have the same bytes.
wrk.headers["Host"] = "bench"
-- teacher:demo, as conf/run.sh has it
wrk.headers["Authorization"] = "Basic dGVhY2hlcjpkZW1v"
JSON["Authorization"] = wrk.headers["Authorization"]

local random = math.random

-- What KEYS holds; all of it is asked for before anything is asked for again.
local keys = {}

local function read_keys(file)
   for line in io.lines(file) do
      local words = {}
      for word in line:gmatch("%S+") do
         table.insert(words, word)
      end
      table.insert(keys, words)
   end
end

local last = 0

local function key()
   last = last % #keys + 1
   return keys[last]
end

local function submission(class)
   if #keys > 0 then
      return key()[1]
   end
   return PARENT:format(class, random(0, SUBMISSIONS - 1))
end

-- The outcomes of a submission are of four types; the second has points.
local function outcome(type)
   if #keys > 0 then
      local it = key()
      return it[1] .. "/" .. it[1 + type]
   end
   local n = random(0, SUBMISSIONS - 1)
   return PARENT:format("read", n) ..
      ("/%08x-000%d-4000-8000-000000000000"):format(n, type)
end

local function registered(class)
   return REGISTERED:format(class, random(0, ASSIGNMENTS - 1),
      random(0, STUDENTS - 1))
end

local function singleton(type)
   return registered("school") .. "/outcomes/" .. SINGLETONS[type]
end

-- A change that changes nothing is not written, so each is given its own value
-- when it is sent.
local BLANK = "######"

local function fresh()
   return tostring(random(100000, 999999))
end

local POINTS = '{"points":{"points":' .. BLANK .. "}}"

local function get()
   return wrk.format("GET", "/v1.0" .. outcome(random(1, 4)))
end

local function create()
   return wrk.format("POST", "/v1.0" .. submission("made"), JSON,
      '{"@odata.type":"#microsoft.graph.educationPointsOutcome",' ..
      POINTS:sub(2))
end

local function attach()
   return wrk.format("POST", "/v1.0" .. submission(), JSON,
      '{"@odata.type":"#microsoft.graph.educationFeedbackResourceOutcome",' ..
      '"feedbackResource":{"@odata.type":' ..
      '"#microsoft.graph.educationWordResource",' ..
      '"displayName":"Document1.docx"}}')
end

local function patch()
   return wrk.format("PATCH", "/v1.0" .. outcome(2), JSON, POINTS)
end

-- path: of the nth of 20 outcomes
local function batch(path, group)
   local items = {}
   for i = 1, 20 do
      items[i] = ('{"id":"%d","method":"PATCH","url":"%s",%s' ..
         '"headers":{"Content-Type":"application/json"},"body":%s}'):format(
         i, path(i), group or "", POINTS)
   end
   return wrk.format("POST", "/v1.0/$batch", JSON,
      '{"requests":[' .. table.concat(items, ",") .. ']}')
end

-- As a teacher who grades what a class has handed in.
local function registered_batch()
   local assignment, first = random(0, ASSIGNMENTS - 1), random(0, STUDENTS - 1)
   return batch(function(i)
      return REGISTERED:format("school", assignment, (first + i) % STUDENTS) ..
         "/outcomes/" .. SINGLETONS[2]
   end)
end

local function points() return outcome(2) end

local function all_changed(body)
   return select(2, body:gsub('"status":200,', "")) == 20
end

-- Those that the body of a document may have.
local lengths = {}

-- make: a request.  status: those that are right.  check: more than the look
-- at both ends that a document gets.
local WORKS = {
   get = { make = get, status = { [200] = true } },
   list = {
      make = function() return wrk.format("GET", "/v1.0" .. submission("read")) end,
      status = { [200] = true }
   },
   page = {
      make = function()
         return wrk.format("GET", "/v1.0" .. PARENT:format("page", 0))
      end,
      status = { [200] = true }
   },
   -- as many as there are gradebooks, for one alone stays in all caches
   pages = {
      make = function()
         return wrk.format("GET", "/v1.0" .. PARENT:format("page", random(1, ASSIGNMENTS)))
      end,
      status = { [200] = true }
   },
   create = { make = create, status = { [201] = true } },
   attach = { make = attach, status = { [201] = true } },
   patch = { make = patch, status = { [200] = true } },
   mix = {
      make = function()
         local dice = random(1, 20)
         return dice == 1 and create() or dice == 2 and patch() or get()
      end,
      status = { [200] = true, [201] = true }
   },
   batch = {
      make = function() return batch(points) end,
      status = { [200] = true }, check = all_changed
   },
   atomic = {
      make = function() return batch(points, '"atomicityGroup":"g",') end,
      status = { [200] = true }, check = all_changed
   },
   ["registered-get"] = {
      make = function() return wrk.format("GET", "/v1.0" .. singleton(random(1, 3))) end,
      status = { [200] = true }
   },
   ["registered-list"] = {
      make = function()
         return wrk.format("GET", "/v1.0" .. registered("school") .. "/outcomes")
      end,
      status = { [200] = true }
   },
   gradebook = {
      make = function()
         return wrk.format("GET", ("/v1.0/education/classes/school/assignments" ..
            "/a%02d/submissions?$expand=outcomes"):format(random(0, ASSIGNMENTS - 1)))
      end,
      status = { [200] = true }
   },
   ["registered-patch"] = {
      make = function()
         return wrk.format("PATCH", "/v1.0" .. singleton(2), JSON, POINTS)
      end,
      status = { [200] = true }
   },
   ["registered-batch"] = {
      make = registered_batch, status = { [200] = true }, check = all_changed
   },
   -- once more, all of it is written again
   ["return"] = {
      make = function()
         return wrk.format("POST", "/v1.0" .. registered("handed") .. "/return")
      end,
      status = { [200] = true },
      check = function(body)
         return lengths[#body] and body:find('"status":"returned"', 1, true)
      end
   },
   options = {
      make = function() return wrk.format("OPTIONS", "/v1.0" .. outcome(2)) end,
      status = { [200] = true },
      check = function(body) return body == "" end
   },
   ["static-get"] = {
      make = function() return wrk.format("GET", "/get" .. random(1, 4)) end,
      status = { [200] = true }
   },
   ["static-list"] = {
      make = function() return wrk.format("GET", "/list") end,
      status = { [200] = true }
   },
   ["static-page"] = {
      make = function() return wrk.format("GET", "/page") end,
      status = { [200] = true }
   },
}

-- Made before, for what wrk itself needs is taken from the servers.
local READY = 2000
local ready, work, next = {}, nil, 0

local function is_document(body)
   return lengths[#body] and body:sub(1, #CONTEXT) == CONTEXT and
      body:byte(-1) == 125
end

local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

bad, sample = 0, ""

function init(args)
   math.randomseed(os.time())
   work = WORKS[args[1]]
   for length in (args[2] or ""):gmatch("%d+") do
      lengths[tonumber(length)] = true
   end
   if args[3] then
      read_keys(args[3])
      last = random(#keys)
   end
   for i = 1, math.max(READY, #keys) do
      ready[i] = work.make()
   end
end

function request()
   next = next % #ready + 1
   return (ready[next]:gsub(BLANK, fresh))
end

function response(status, headers, body)
   if not work.status[status] or not (work.check or is_document)(body) then
      bad = bad + 1
      sample = status .. " " .. body:sub(1, 200):gsub("%s", " ")
   end
end

function done(summary, latency, requests)
   local errors, sample = 0, ""
   for _, thread in ipairs(threads) do
      errors = errors + thread:get("bad")
      sample = thread:get("sample")
   end
   for _, kind in ipairs { "connect", "read", "write", "timeout" } do
      errors = errors + summary.errors[kind]
      if summary.errors[kind] > 0 then
         sample = sample .. " " .. kind
      end
   end
   print(("RESULT %d %d %d %d %d %s"):format(summary.requests,
      summary.duration, latency:percentile(50), latency:percentile(99),
      errors, sample))
end
