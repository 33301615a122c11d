using Cote;
using Microsoft.Extensions.AI;

namespace CustomServer;

/// <summary>A table of one's own beside Cote's: notes that a user keeps under names.</summary>
static class Notes
{
    public const string Find = "find_notes";

    public static void Tables(HostTables tables) => tables
        .Migration("create_notes", """
            create table x_custom_notes (
              user_id text not null references users (id) on delete cascade,
              name text not null,
              text text not null,
              changed_at bigint not null,
              primary key (user_id, name)
            );
            """)
        .Table("x_custom_notes", user: "user_id");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/notes", List).RequireAuthorization();
        routes.MapPut("/notes/{name}", Put).RequireAuthorization();
    }

    // The holes of the string become parameters: what a user writes is never a part of the statement.
    static async Task<IResult> List(CurrentUser user, Database db, CancellationToken ct)
    {
        var notes = await db.ListAsync(
            $"select name, text, changed_at from x_custom_notes where user_id = {user.Id} order by name",
            row => new Note(row.GetString(0), row.GetString(1), new(row.GetInt64(2))), ct);
        return Results.Ok(notes);
    }

    static async Task<IResult> Put(string name, HttpContext http, CurrentUser user, Database db, Clock clock)
    {
        var request = await Body.ReadAsync(http);
        var note = new Note(name, request.Text("text", min: 1, max: 10_000), clock.Now);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        var batch = new WriteBatch(); // one transaction, on disk when WriteAsync returns
        batch.Execute($"""
            insert into x_custom_notes (user_id, name, text, changed_at)
            values ({user.Id}, {note.Name}, {note.Text}, {note.ChangedAt})
            on conflict (user_id, name) do update set text = excluded.text, changed_at = excluded.changed_at
            """);
        await db.WriteAsync(batch);
        return Results.Ok(note);
    }

    // A tool: models find the notes of the user whose reply they make, and of nobody else.
    public static AIFunction FindTool() => AIFunctionFactory.Create(
        FindAsync, Find, "Finds the user's notes that hold a word.");

    static async Task<IReadOnlyList<string>> FindAsync(
        string word, AIFunctionArguments arguments, CancellationToken ct)
    {
        var user = ToolCallContext.Of(arguments)!.UserId;
        return await arguments.Services!.GetRequiredService<Database>().ListAsync(
            $"select text from x_custom_notes where user_id = {user} and text like {"%" + word + "%"} order by name",
            row => row.GetString(0), ct);
    }

    sealed record Note(string Name, string Text, Timestamp ChangedAt);
}
