using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Cote.Admin;

/// <summary>An argument of a command: a value by its position or by a name, or a flag.</summary>
/// <param name="Name">As it is typed and shown: <c>NAME</c>, or <c>--admin</c>.</param>
/// <param name="Field">The field of the request that holds it.</param>
/// <param name="Help">Its line in the help.</param>
sealed record CommandArgument(string Name, string Field, string Help)
{
    /// <summary>Whether it is a flag, which is true where it is given.</summary>
    public bool IsFlag => Value is null && Name.StartsWith("--", StringComparison.Ordinal);

    /// <summary>Of one that is named, what its value is called in the help: <c>--to DIR</c>.</summary>
    public string? Value { get; init; }

    /// <summary>Whether it is the path of a file: the server may have another working directory.</summary>
    public bool IsPath { get; init; }
}

/// <summary>
/// A command for operators. The terminal makes its arguments and its help from this, and the control socket its path.
/// </summary>
/// <param name="Name">The word that is typed.</param>
/// <param name="Help">Its line in the help.</param>
/// <param name="Arguments">In the order in which they are typed.</param>
/// <param name="RunAsync">What it does; the request has a field for each argument.</param>
sealed record AdminCommand(
    string Name, string Help, IReadOnlyList<CommandArgument> Arguments,
    Func<Control, RequestReader, CancellationToken, Task<AdminResult>> RunAsync)
{
    /// <summary>Whether it prints lines and has an exit code of its own: see <see cref="CommandConsole"/>.</summary>
    public bool HasConsole { get; init; }

    /// <summary>Whether the terminal asks for a password, the field <c>password</c> of the request.</summary>
    public bool NeedsPassword { get; init; }
}

/// <summary>The result of a command: a problem, or JSON that is written while it is made.</summary>
sealed record AdminResult(Problem? Problem, Func<Stream, CancellationToken, Task>? WriteAsync)
{
    public static AdminResult Of(Problem problem) => new(problem, null);

    public static AdminResult Of<T>(T value, JsonTypeInfo<T> type) =>
        new(null, (stream, ct) => JsonSerializer.SerializeAsync(stream, value, type, ct));
}

/// <summary>
/// Every command of the terminal and of the control socket: a new one is a line here and a method of <see
/// cref="Control"/>.
/// </summary>
static class AdminCommands
{
    static readonly CommandArgument Name = new("NAME", "username", "The username, or the address of the account.");

    public static readonly IReadOnlyList<AdminCommand> All =
    [
        new("create-user", "Creates an account. The password is asked for, or read from standard input.",
            [
                new("NAME", "username", "The username."), new("EMAIL", "email", "The address."),
                new("--admin", "admin", "Makes the account an admin."),
            ],
            (control, request, ct) => control.CreateUserAsync(request, ct)) { NeedsPassword = true },
        new("reset-password", "Sets a password and ends every session of the user.",
            [Name], (control, request, ct) => control.ResetPasswordAsync(request, ct)) { NeedsPassword = true },
        new("disable-user", "Ends every session of the user and refuses further logins.",
            [Name], (control, request, ct) => control.DisableUserAsync(request, ct)),
        new("enable-user", "Lets the user log in again.",
            [Name], (control, request, ct) => control.EnableUserAsync(request, ct)),
        new("list-users", "Prints all accounts as JSON, oldest first.",
            [], (control, _, _) => Task.FromResult(control.ListUsers())),
        new("import", "Imports the chats of an export for a user. Prints progress and report as JSON, a line each.",
            [
                Name, new("FILE", "path", "The file, as POST /import takes it; the server must be able to read it.")
                {
                    IsPath = true,
                },
                new("--again", "again", "Imports chats that are here once more, under new ids."),
            ],
            (control, request, ct) => control.ImportAsync(request, ct)),
        new("backup", "Writes everything of this moment into a new folder, while the server serves.",
            [
                new("--to", "to", "The folder; it must not exist, or be empty.") { Value = "DIR", IsPath = true },
                new("--without-key", "without_key", "Leaves out the keys of the data directory."),
                new("--skip-lost-media", "skip_lost_media", "Is content without the bytes of uploads that are lost."),
            ],
            (control, request, _) => Task.FromResult(control.Backup(request))) { HasConsole = true },
        new("check", "Compares everything with everything: exit code 0, or 2 with a line for each fault.",
            [new("--deep", "deep", "Reads the bytes of every upload and compares their hashes.")],
            (control, request, _) => Task.FromResult(control.Check(request))) { HasConsole = true },
        new("new-epoch", "After a restore or a failover: every client fetches its state anew.",
            [], (control, _, ct) => control.NewEpochAsync(ct)),
    ];

    /// <summary>The command of this name, or null.</summary>
    public static AdminCommand? Find(string name) => All.FirstOrDefault(x => x.Name == name);
}
