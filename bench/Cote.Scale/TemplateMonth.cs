using System.Globalization;
using Cote.Testing;

namespace Cote.Scale;

/// <summary>
/// A month of a few people through the product itself: accounts, chats, turns, pictures, ratings and deletions by HTTP,
/// with the product's clock on each day in turn. What they leave behind, day by day, is what all others are made of.
/// </summary>
sealed class TemplateMonth(ScaleServer server, Recorder recorder, UseModel model)
{
    readonly List<Person> _people = [];

    /// <summary>How many turns were played.</summary>
    public int Turns { get; private set; }

    public async Task PlayAsync(CancellationToken ct)
    {
        var number = 0;
        foreach (var habit in model.Habits)
            for (var i = 0; i < habit.Templates; i++)
                _people.Add(Person.Of(number++, habit, model));
        for (var day = 0; day < model.Days; day++)
        {
            ct.ThrowIfCancellationRequested();
            server.Time.Shift = -TimeSpan.FromDays(model.Days - day);
            // One after the other where they begin, two at once where they send: the machine has other work.
            foreach (var person in _people.Where(x => x.FirstDay == day))
                await RegisterAsync(person);
            await Parallel.ForEachAsync(
                _people.Where(x => x.Days.Contains(day)), new ParallelOptions { MaxDegreeOfParallelism = 4 },
                async (person, _) => await LiveAsync(person, day));
            Turns += _people.Where(x => x.Days.Contains(day)).Sum(x => x.Habit.TurnsADay);
            await recorder.RecordAsync(day);
        }
        await recorder.FinishAsync(_people.Select(x => x.Client.Id).ToList(), ct);
        foreach (var person in _people)
            person.Client.Dispose();
    }

    async Task RegisterAsync(Person person) =>
        person.Client = await CoteClient.RegisterAsync(server.Url, string.Create(
            CultureInfo.InvariantCulture, $"template{person.Number:000}"));

    async Task LiveAsync(Person person, int day)
    {
        var client = person.Client;
        if (person.FirstDay != day) // Who has just registered has tokens that are new.
        {
            var tokens = (await client.FormAsync(
                "/token", ("grant_type", "refresh_token"), ("refresh_token", client.RefreshToken!))).Ok();
            (client.Token, client.RefreshToken) = (tokens["access_token"], tokens["refresh_token"]);
        }
        if (person.Chats.Count > 4 && person.Chance(model.ChatsDeletedOneIn / person.Habit.ChatsADay))
        {
            var gone = person.Random.Next(person.Chats.Count - 2);
            (await client.DeleteAsync($"/chats/{person.Chats[gone]}")).Ok();
            person.Chats.RemoveAt(gone);
        }
        for (var turn = 0; turn < person.Habit.TurnsADay; turn++)
        {
            var begins = person.Chats.Count == 0 || turn * person.Habit.ChatsADay / person.Habit.TurnsADay
                != (turn - 1) * person.Habit.ChatsADay / person.Habit.TurnsADay || turn == 0;
            // Every third day goes on where the one before has ended.
            if (begins && !(turn == 0 && day % 3 == 0 && person.Chats.Count > 0))
                person.Chats.Add(await client.CreateChatAsync("New chat"));
            await TurnAsync(person, person.Chats[^1]);
        }
    }

    async Task TurnAsync(Person person, string chat)
    {
        var client = person.Client;
        var content = ScriptedModel.Text(person.Number * 100_003 + person.Sent++, model.QuestionWords);
        object body = person.Chance(model.MediaOneIn)
            ? new { content, media_urls = new[] { await UploadAsync(person) } } : new { content };
        var question = (await client.PostAsync($"/chats/{chat}/messages/", body)).Ok();
        var reply = question["reply_id"];
        await EndAsync(client, chat, reply);
        if (person.Chance(model.AgainOneIn))
        {
            reply = (await client.PostAsync($"/chats/{chat}/messages/{reply}/regenerate")).Ok()["id"];
            await EndAsync(client, chat, reply);
        }
        if (person.Chance(model.RatedOneIn))
            (await client.PutAsync($"/chats/{chat}/messages/{reply}/feedback", new { rating = 1 })).Ok();
        (await client.PutAsync($"/chats/{chat}/messages/{reply}/read")).Ok();
        if (person.Chance(model.DeletedOneIn))
            (await client.DeleteAsync($"/chats/{chat}/messages/{question["id"]}")).Ok();
    }

    static async Task EndAsync(CoteClient client, string chat, string reply)
    {
        var end = await client.EndOfAsync(chat, reply);
        if (end.GetProperty("generation").GetProperty("state").GetString() != "completed")
            throw new InvalidOperationException($"A reply of a template did not end well: {end}");
    }

    // A picture of one pixel under its own bytes: each has a row of its own, and no bytes are kept beside.
    static async Task<string> UploadAsync(Person person)
    {
        var bytes = Convert.FromBase64String(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent([.. bytes, .. Guid.CreateVersion7().ToByteArray()]), "file", "IMG_20260412.png" },
        };
        using var http = new HttpClient { BaseAddress = person.Client.Url };
        http.DefaultRequestHeaders.Authorization = new("Bearer", person.Client.Token);
        using var answer = await http.PostAsync("/upload/", form);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode
            ? "/media/" + System.Text.Json.JsonElement.Parse(text).GetProperty("id").GetString()
            : throw new InvalidOperationException($"An upload was refused: {text}");
    }

    /// <summary>One of the few.</summary>
    sealed class Person
    {
        public required int Number { get; init; }
        public required Habit Habit { get; init; }
        public required int FirstDay { get; init; }
        public required HashSet<int> Days { get; init; }
        public required Random Random { get; init; }
        public List<string> Chats { get; } = [];
        public CoteClient Client { get; set; } = null!;
        public int Sent { get; set; }

        public static Person Of(int number, Habit habit, UseModel model)
        {
            var random = new Random(number);
            // Of those who come in the month each habit has its share, and they come on any day of its first half.
            var isNew = number % 10 < model.NewAccounts * 10;
            var first = isNew ? 1 + random.Next(Math.Max(1, model.Days / 2)) : 0;
            first = Math.Min(first, model.Days - 1);
            var days = Enumerable.Range(first, model.Days - first).ToArray();
            random.Shuffle(days);
            return new()
            {
                Number = number,
                Habit = habit,
                FirstDay = first,
                Days = [.. days.Take(model.ActiveDaysOf(habit))],
                Random = random,
            };
        }

        public bool Chance(int oneIn) => Random.Next(Math.Max(1, oneIn)) == 0;
    }
}
