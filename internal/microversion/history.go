package microversion

// A State says how much of a version's change is built. docs/microversions.md
// shows it, so clients can see what they may rely on.
type State int

// A change is planned until the first resource that it is about is served.
const (
	Planned State = iota // the resource that it is about is not here yet
	Done                 // it makes a difference to as much of what it is about as is here
	NoOp                 // it makes none: it is so in all versions, or about what we don't have
)

// String returns the state as docs/microversions.md names it.
func (s State) String() string {
	switch s {
	case Done:
		return "done"
	case NoOp:
		return "no difference"
	case Planned:
	}
	return "planned"
}

// A Change is the change that one version made, in a sentence.
type Change struct {
	Minor int
	What  string
	State State
}

// History holds all versions in order. A test compares it with the numbers in
// schemas, views and controllers, and docs/microversions.md is printed from it.
// Add rows at the end: the index of a row is its version's number less one. A
// sentence says what a client sees of the change, in the present tense, and no two
// are alike.
var History = []Change{
	{1, "Request bodies are checked against schemas, which refuse keys that they don't know.", Done},
	{2, "Key pairs have a type, ssh or x509; creating one answers 201, deleting one 204.", Done},
	{3, "Administrators see more of a server's attributes; its volumes say whether they go with it.", Done},
	{4, "A fixed IP address shows whether it is reserved.", NoOp},
	{5, "Everybody can filter servers by IPv6 address.", Done},
	{6, "Consoles of all kinds are created at one place, and the actions for each kind are gone.", Done},
	{7, "A public flavor refuses to be opened to a project.", Done},
	{8, "Consoles can be of the kind webmks.", Done},
	{9, "A server shows whether it is locked.", Done},
	{10, "Key pairs of other users can be listed, shown, created and deleted by those who may.", Done},
	{11, "A compute service can be forced down.", Done},
	{12, "A virtual interface shows its network.", NoOp},
	{13, "A server group shows its project and its user.", Done},
	{14, "Evacuation finds out by itself whether storage is shared, and gives no password back.", Done},
	{15, "Server groups can prefer to keep servers together, or apart.", Done},
	{16, "Administrators see the state of a server's host.", Done},
	{17, "A server can be made to dump its memory, by an action.", Done},
	{18, "URLs need no project.", NoOp},
	{19, "Servers have a description.", Done},
	{20, "Volumes can be attached to shelved servers, and detached from them.", Done},
	{21, "The actions of deleted servers are shown.", Done},
	{22, "A live migration can be forced to its end.", Done},
	{23, "Live migrations under way are listed below their server; all migrations show their kind.", Done},
	{24, "A running live migration can be given up.", Done},
	{25, "Live migration can choose by itself whether to copy disks.", Done},
	{26, "Servers have tags, and can be listed by them.", Done},
	{27, "Versions can be asked for with OpenStack-API-Version, the header of all services.", NoOp},
	{28, "A hypervisor's CPU is described by an object, not by a string.", Done},
	{29, "Evacuation asks the scheduler about the host that was named, unless it is forced.", Done},
	{30, "Live migration asks the scheduler about the host that was named, unless it is forced.", Done},
	{31, "Console tokens of all kinds can be looked up.", Done},
	{32, "Networks and block devices of a new server can have a tag.", Done},
	{33, "Hypervisors are listed in pages; block devices of a new server lose their tag, by mistake.", Done},
	{34, "Live migration answers before it has looked for obstacles.", Done},
	{35, "Key pairs are listed in pages.", Done},
	{36, "What only passed on to other services is gone, with its quotas and limits.", Done},
	{37, "A new server must say which networks it wants: auto and none are answers; network tags are lost, by mistake.", Done},
	{38, "Listing servers by a status that does not exist is an error.", Done},
	{39, "Image metadata is the image service's alone: no proxy, no limit, no quota.", Done},
	{40, "Usage is shown in pages.", Done},
	{41, "Aggregates have a UUID.", Done},
	{42, "Networks and block devices of a new server can have a tag again.", Done},
	{43, "Hosts are gone: there are hypervisors and services.", Done},
	{44, "The actions on fixed and floating addresses are gone.", Done},
	{45, "Taking an image of a server answers with the image's ID, not with a Location.", Done},
	{46, "Request IDs come in X-OpenStack-Request-ID, too.", NoOp},
	{47, "A server shows its flavor as it was when it was built, not a link to it.", Done},
	{48, "Diagnostics of a server are the same for all hypervisors.", Done},
	{49, "Interfaces and volumes can be tagged when they are attached.", Done},
	{50, "Quota classes show server groups, and what the network service counts no more.", Done},
	{51, "Everybody sees the events of an action; volumes that grew are reported.", Done},
	{52, "A new server can have tags.", Done},
	{53, "Services and hypervisors are known by their UUID.", Done},
	{54, "Rebuilding can change the key pair.", Done},
	{55, "Flavors have a description, which can be changed.", Done},
	{56, "A cold migration can name its host.", Done},
	{57, "Files are no more put into new servers, nor counted; rebuilding can change the user data.", Done},
	{58, "Actions of a server are listed in pages, and since a time.", Done},
	{59, "Migrations are listed in pages, and have a UUID.", Done},
	{60, "Volumes that can have several servers can be attached.", Done},
	{61, "Flavors show their extra specs.", Done},
	{62, "Events of an action show the host, or a digest of it.", Done},
	{63, "Servers can demand that their image is signed by trusted certificates.", Done},
	{64, "A server group has one policy, with rules.", Done},
	{65, "A live migration can be given up before it runs.", Done},
	{66, "Servers and their actions can be listed up to a time, and migrations.", Done},
	{67, "A new server can choose the type of the volumes that are made for it.", Done},
	{68, "Evacuation and live migration can't be forced any more.", Done},
	{69, "Parts of the cloud that are down show what is known of their servers and services.", NoOp},
	{70, "Attached interfaces and volumes show their tag.", Done},
	{71, "A server shows its group.", Done},
	{72, "A new server can use ports that ask for bandwidth.", Planned},
	{73, "A lock can have a reason, and servers can be listed by whether they are locked.", Done},
	{74, "A new server can name its host or hypervisor.", Done},
	{75, "Unknown query parameters are refused in most lists; updated servers are shown whole; no swap is 0.", Done},
	{76, "The power state of a server can be reported from outside.", Done},
	{77, "Unshelving can name an availability zone.", Done},
	{78, "A server shows its NUMA topology.", Done},
	{79, "A volume can be attached so that it goes with its server.", Done},
	{80, "Migrations show their user and project, and can be listed by them.", Done},
	{81, "Images can be fetched to the hosts of an aggregate in advance.", Done},
	{82, "Accelerators report that they are bound.", Done},
	{83, "Everybody can filter servers by what is not the administrators' own business.", Done},
	{84, "Events of an action show details of a failure.", Done},
	{85, "Whether an attached volume goes with its server can be changed.", Done},
	{86, "Extra specs that have a meaning are checked.", Done},
	{87, "Servers that boot from a volume can be rescued.", Done},
	{88, "Hypervisors show no resources, which the placement service counts, but how long they are up.", Done},
	{89, "Attached volumes show the IDs of the attachment and of the block device.", Done},
	{90, "The host name of a server can be chosen, and everybody sees it.", Done},
	{91, "Unshelving can name a host, or forget the availability zone.", Done},
	{92, "Key pairs are imported only, and their names may have @ and dots.", Done},
	{93, "Servers that boot from a volume can be rebuilt with another image.", Done},
	{94, "The host name of a server can be a full domain name.", Done},
	{95, "Evacuated servers stay stopped.", Done},
	{96, "A server shows the availability zone that it is pinned to.", Done},
	{97, "Shares can be attached to a server.", Done},
	{98, "A server shows properties of its image.", Done},
	{99, "Consoles can be of the kind spice-direct.", Done},
	{100, "A server shows its scheduler hints.", Done},
	{101, "Attaching a volume answers before it is done.", Done},
	{102, "Flavors are found by name, and show no rxtx_factor; query parameters are refused nearly everywhere.", Done},
	{103, "The second name of servers for those that boot from volumes is gone.", Done},
	{104, "A server can be pinned to its availability zone, and unpinned.", Done},
}
