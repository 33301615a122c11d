using Cote.Client;

// Chat URL USERNAME PASSWORD [FOLDER]: a line is a question, and its reply is written while it comes.
await using var client = new CoteClient(new CoteClientOptions(new Uri(args[0]))
{
    Storage = new FileStorage(args.Length > 3 ? args[3] : Path.Combine(Environment.GetFolderPath(
        Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "cote-chat")),
});
await client.StartAsync();
if (client.State.User?.Username != args[1])
    await client.LogInAsync(args[1], args[2]);

var chat = client.State.Chats is [var newest, ..] ? newest.Id : (await client.CreateChatAsync("From the console")).Id;
await client.OpenAsync(chat);
foreach (var message in client.State.Messages.GetValueOrDefault(chat, []))
    Console.WriteLine($"{message.Sender}: {message.Content}");

while (Console.ReadLine() is { Length: > 0 } line)
{
    // However long the network is away, and whatever becomes of this program: the question is sent once.
    var question = await client.SendAsync(chat, line);
    var (written, ended) = (0, new TaskCompletionSource());
    void Show(object? sender, EventArgs e)
    {
        lock (ended) // changes are told on another thread
        {
            var messages = client.State.Messages.GetValueOrDefault(chat, []);
            var reply = messages.FirstOrDefault(x => x.ReplyToId == question.Id);
            var text = reply?.Content ?? "";
            Console.Write(text[Math.Min(written, text.Length)..]);
            written = text.Length;
            if (reply is { IsOpen: false } && ended.TrySetResult())
                Console.WriteLine(reply.Generation?.Error is { } error ? $" ({error.Detail})" : "");
        }
    }
    client.Changed += Show;
    Show(null, EventArgs.Empty);
    await ended.Task;
    client.Changed -= Show;
}
